namespace RevUp.Interop.CublasLt;

/// <summary>
/// A product by cuBLASLt: descriptions and an algorithm, chosen once. Owns the descriptions and not
/// the handle.
/// </summary>
internal sealed unsafe class Matmul : IMatmul
{
    // Alignment of tensors; the default of 256 bytes would be a promise that an arena does not
    // keep.
    private const int Alignment = 64;

    private readonly CublasLtHandle _handle;
    private readonly MatmulDescriptor _description;
    private readonly MatrixLayout _a;
    private readonly MatrixLayout _b;
    private readonly MatrixLayout _c;
    private readonly CublasLtHeuristicResult _choice;

    /// <summary>
    /// Chooses the algorithm: the first of the heuristic order whose workspace is within the limit.
    /// </summary>
    /// <param name="handle">It must outlive this object.</param>
    /// <param name="m">Rows of op(A) and C.</param>
    /// <param name="n">Columns of op(B) and C.</param>
    /// <param name="k">Columns of op(A), rows of op(B).</param>
    /// <param name="operationA">op on A.</param>
    /// <param name="operationB">op on B.</param>
    /// <param name="workspaceLimit">The largest acceptable workspace, in bytes.</param>
    /// <exception cref="NativeException">
    /// cuBLASLt refuses the shape, or has no algorithm for it.
    /// </exception>
    public Matmul(
        CublasLtHandle handle, long m, long n, long k, CublasOperation operationA, CublasOperation operationB,
        long workspaceLimit)
    {
        _handle = handle;
        _description = MatmulDescriptor.Create(operationA, operationB);
        _a = operationA == CublasOperation.None ? MatrixLayout.Create(m, k) : MatrixLayout.Create(k, m);
        _b = operationB == CublasOperation.None ? MatrixLayout.Create(k, n) : MatrixLayout.Create(n, k);
        _c = MatrixLayout.Create(m, n);
        using MatmulPreference preference = MatmulPreference.Create(workspaceLimit, Alignment);
        CublasLtHeuristicResult choice;
        int returned;
        CublasLtLibrary.MatmulAlgoGetHeuristic(_handle, _description, _a, _b, _c, _c, preference, 1, &choice, &returned)
            .Check();
        if (returned == 0 || choice.State != CublasStatus.Success)
        {
            throw new NativeException(
                "CublasLtLibrary.MatmulAlgoGetHeuristic", CublasStatus.NotSupported,
                $"no algorithm for m = {m}, n = {n}, k = {k} with a workspace of at most {workspaceLimit} bytes",
                "Allow a larger workspace, or install a newer cuBLASLt.");
        }

        _choice = choice;
    }

    public long WorkspaceBytes => (long)_choice.WorkspaceBytes;

    public void Run(
        float alpha, DevicePointer a, DevicePointer b, float beta, DevicePointer c, DevicePointer workspace,
        CudaStream stream)
    {
        CublasLtAlgorithm algorithm = _choice.Algorithm;
        CublasLtLibrary.Matmul(
            _handle, _description, &alpha, a, _a, b, _b, &beta, c, _c, c, _c, &algorithm, workspace,
            _choice.WorkspaceBytes, stream).Check();
    }

    public void Dispose()
    {
        _description.Dispose();
        _a.Dispose();
        _b.Dispose();
        _c.Dispose();
    }
}
