namespace RevUp.Interop.Cudnn;

/// <summary>
/// Owns cuDNN's state on one context. One thread at a time; dispose it while the context is
/// current.
/// </summary>
internal sealed class CudnnHandle : OwnedHandle
{
    /// <summary>
    /// Creates a handle on the calling thread's context, whose calls go to
    /// <paramref name="stream"/>.
    /// </summary>
    /// <exception cref="DllNotFoundException">
    /// There is no cuDNN; the message lists where it was looked for.
    /// </exception>
    /// <exception cref="NativeException">cuDNN cannot initialise.</exception>
    public static unsafe CudnnHandle Create(CudaStream stream)
    {
        CudnnHandle owner = new();
        nint created;
        CudnnLibrary.Create(&created).Check();
        owner.SetHandle(created);
        CudnnLibrary.SetStream(owner, stream).Check();
        return owner;
    }

    protected override bool ReleaseHandle() => CudnnLibrary.Destroy(handle) == CudnnStatus.Success;
}
