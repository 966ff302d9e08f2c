namespace RevUp.Interop.Cpu;

/// <summary>
/// Owns the algorithms chosen for one convolution geometry. Immutable after <see cref="Create"/>,
/// so several threads may use it at once; a call in progress keeps the native object alive even
/// when another thread disposes it.
/// </summary>
internal sealed class ConvolutionHandle : OwnedHandle
{
    /// <summary>
    /// Chooses the algorithms for <paramref name="geometry"/>, once, for the thread count set at
    /// the time.
    /// </summary>
    /// <exception cref="NativeException">
    /// The geometry is inconsistent, or its type is not supported on this processor.
    /// </exception>
    public static unsafe ConvolutionHandle Create(in CpuConvolutionGeometry geometry)
    {
        ConvolutionHandle owner = new();
        nint created;
        fixed (CpuConvolutionGeometry* pointer = &geometry)
        {
            CpuLibrary.ConvolutionCreate(pointer, &created).Check();
        }

        owner.SetHandle(created);
        return owner;
    }

    /// <summary>
    /// The output extents and the byte counts of the buffers that the calls need.
    /// </summary>
    /// <exception cref="NativeException">The handle is invalid.</exception>
    public unsafe CpuConvolutionSizes Query()
    {
        CpuConvolutionSizes sizes;
        CpuLibrary.ConvolutionQuery(this, &sizes).Check();
        return sizes;
    }

    protected override bool ReleaseHandle() => CpuLibrary.ConvolutionDestroy(handle) == CpuStatus.Ok;
}
