namespace RevUp.Interop.CublasLt;

/// <summary>
/// Owns cuBLASLt's state on one context. Dispose it while the context is current.
/// </summary>
internal sealed class CublasLtHandle : OwnedHandle, ICudaBlas
{
    /// <summary>Creates a handle on the calling thread's context.</summary>
    /// <exception cref="DllNotFoundException">
    /// There is no cuBLASLt; the message lists where it was looked for.
    /// </exception>
    /// <exception cref="NativeException">cuBLASLt cannot initialise.</exception>
    public static unsafe CublasLtHandle Create()
    {
        CublasLtHandle owner = new();
        nint created;
        CublasLtLibrary.Create(&created).Check();
        owner.SetHandle(created);
        return owner;
    }

    public IMatmul Prepare(
        long m, long n, long k, CublasOperation operationA, CublasOperation operationB, long workspaceLimit) =>
        new Matmul(this, m, n, k, operationA, operationB, workspaceLimit);

    protected override bool ReleaseHandle() => CublasLtLibrary.Destroy(handle) == CublasStatus.Success;
}
