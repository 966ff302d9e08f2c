using ManagedCuda.BasicTypes;
using ManagedCuda.CudaBlas;
using RevUp.Interop.CublasLt;
using RevUp.Interop.Cuda;
using Blas = ManagedCuda.CudaBlas.CudaBlasNativeMethods;
using Math = System.Math;

namespace RevUp.Interop.ManagedCuda;

/// <summary>
/// Products by cuBLAS, which chooses its algorithm in every call: the same for the same shape,
/// workspace and stream.
/// </summary>
internal sealed class ManagedCudaBlas : ICudaBlas
{
    private CudaBlasHandle _handle;

    internal ManagedCudaBlas()
    {
        // Before the wrapper looks: a library that is missing is then named with every place, and
        // not by the runtime.
        _ = ManagedCudaLibraries.Blas;
        Check(Blas.cublasCreate_v2(ref _handle), nameof(Blas.cublasCreate_v2));
    }

    public IMatmul Prepare(
        long m, long n, long k, CublasOperation operationA, CublasOperation operationB, long workspaceLimit) =>
        new ManagedCudaMatmul(
            _handle, checked((int)m), checked((int)n), checked((int)k), (Operation)operationA, (Operation)operationB,
            workspaceLimit);

    public void Dispose()
    {
        if (_handle.Pointer != 0)
        {
            Check(Blas.cublasDestroy_v2(_handle), nameof(Blas.cublasDestroy_v2));
            _handle.Pointer = 0;
        }
    }

    internal static void Check(global::ManagedCuda.CudaBlas.CublasStatus status, string call) =>
        ((CublasLt.CublasStatus)(int)status).Check(call);
}

/// <summary>One shape of product.</summary>
internal sealed class ManagedCudaMatmul(
    CudaBlasHandle handle, int m, int n, int k, Operation operationA, Operation operationB,
    long workspaceLimit) : IMatmul
{
    // cuBLAS's own size on devices before sm_90. Without a workspace of the caller's it would
    // allocate one, which a graph cannot.
    private const long PreferredWorkspace = 4 << 20;

    public long WorkspaceBytes { get; } = Math.Min(workspaceLimit, PreferredWorkspace);

    public void Run(
        float alpha, DevicePointer a, DevicePointer b, float beta, DevicePointer c, DevicePointer workspace,
        CudaStream stream)
    {
        // A new stream takes the workspace away: it is set second.
        ManagedCudaBlas.Check(
            Blas.cublasSetStream_v2(handle, new CUstream { Pointer = stream.Value }), nameof(Blas.cublasSetStream_v2));
        ManagedCudaBlas.Check(
            Blas.cublasSetWorkspace_v2(handle, Pointer(workspace), WorkspaceBytes), nameof(Blas.cublasSetWorkspace_v2));
        int leadingA = operationA == Operation.NonTranspose ? m : k;
        int leadingB = operationB == Operation.NonTranspose ? k : n;
        ManagedCudaBlas.Check(
            Blas.cublasSgemm_v2(
                handle, operationA, operationB, m, n, k, ref alpha, Pointer(a), leadingA, Pointer(b), leadingB,
                ref beta, Pointer(c), m),
            nameof(Blas.cublasSgemm_v2));
    }

    /// <summary>Nothing is kept.</summary>
    public void Dispose()
    {
    }

    private static CUdeviceptr Pointer(DevicePointer pointer) => new(pointer.Address);
}
