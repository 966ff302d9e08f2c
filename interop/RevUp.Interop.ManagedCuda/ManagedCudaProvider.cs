using RevUp.Interop.Cuda;

namespace RevUp.Interop.ManagedCuda;

/// <summary>
/// The driver and cuBLAS through ManagedCuda 12, for applications that use it already: <c>new
/// CudaBackend(new ManagedCudaProvider())</c>. Handles are the driver's own, so that an
/// application's ManagedCuda objects and RevUp's work on the same context.
/// </summary>
public sealed class ManagedCudaProvider : ICudaProvider
{
    /// <inheritdoc/>
    ICudaDriver ICudaProvider.OpenDriver(int ordinal) => new ManagedCudaDriver(ordinal);

    /// <inheritdoc/>
    ICudaBlas ICudaProvider.OpenBlas() => new ManagedCudaBlas();
}
