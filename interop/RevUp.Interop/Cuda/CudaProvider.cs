using RevUp.Interop.CublasLt;

namespace RevUp.Interop.Cuda;

/// <summary>
/// The bindings of this assembly, on libcuda and cuBLASLt: what a backend uses unless it is told
/// otherwise.
/// </summary>
internal sealed class CudaProvider : ICudaProvider
{
    ICudaDriver ICudaProvider.OpenDriver(int ordinal) => CudaDriver.Open(ordinal);

    ICudaBlas ICudaProvider.OpenBlas() => CublasLtHandle.Create();
}
