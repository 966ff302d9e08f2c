using RevUp.Interop.CublasLt;

namespace RevUp.Interop.Cuda;

/// <summary>The bindings of this assembly, on libcuda and cuBLASLt: what a backend uses unless it is told otherwise.</summary>
public sealed class CudaProvider : ICudaProvider
{
    /// <inheritdoc/>
    public ICudaDriver OpenDriver(int ordinal) => CudaDriver.Open(ordinal);

    /// <inheritdoc/>
    public ICudaBlas OpenBlas() => CublasLtHandle.Create();
}
