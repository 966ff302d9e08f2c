using RevUp.Interop.CublasLt;

namespace RevUp.Interop.Cuda;

/// <summary>
/// Products of float32 matrices on one device; made on the thread whose context is current, and
/// disposed after all of its products.
/// </summary>
internal interface ICudaBlas : IDisposable
{
    /// <summary>
    /// Makes C = alpha·op(A)·op(B) + beta·C ready to run, with op(A) m × k, op(B) k × n and C m ×
    /// n.
    /// </summary>
    /// <param name="m">Rows of op(A) and C.</param>
    /// <param name="n">Columns of op(B) and C.</param>
    /// <param name="k">Columns of op(A), rows of op(B).</param>
    /// <param name="operationA">op on A.</param>
    /// <param name="operationB">op on B.</param>
    /// <param name="workspaceLimit">The largest acceptable workspace, in bytes.</param>
    /// <exception cref="NativeException">
    /// The library refuses the shape, or has no algorithm for it.
    /// </exception>
    IMatmul Prepare(
        long m, long n, long k, CublasOperation operationA, CublasOperation operationB, long workspaceLimit);
}

/// <summary>
/// C = alpha·op(A)·op(B) + beta·C in float32 for one shape. Matrices are dense and column-major, so
/// a row-major matrix is passed as its transpose; a transposed operand is stored with its extents
/// exchanged. C aliases neither A nor B. The same inputs give the same bits. One thread at a time.
/// </summary>
internal interface IMatmul : IDisposable
{
    /// <summary>Bytes of workspace of <see cref="Run"/>.</summary>
    long WorkspaceBytes { get; }

    /// <summary>
    /// Issues the product on a stream; the workspace, aligned to 256 bytes, has undefined content.
    /// </summary>
    void Run(
        float alpha, DevicePointer a, DevicePointer b, float beta, DevicePointer c, DevicePointer workspace,
        CudaStream stream);
}
