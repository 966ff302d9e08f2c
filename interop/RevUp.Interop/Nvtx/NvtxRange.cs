namespace RevUp.Interop.Nvtx;

/// <summary>
/// A named range of the calling thread's work in Nsight Systems and Nsight Compute, from
/// <see cref="Open"/> to <see cref="Dispose"/>, in a <c>using</c>. Ranges nest. Without
/// librevup_nvtx it does nothing, as the default value does. No garbage.
/// </summary>
internal readonly ref struct NvtxRange : IDisposable
{
    private readonly bool _isOpen;

    private NvtxRange(bool isOpen) => _isOpen = isOpen;

    /// <summary>Opens a range.</summary>
    public static unsafe NvtxRange Open(NvtxName name)
    {
        if (!NvtxLibrary.IsAvailable)
        {
            return default;
        }

        fixed (byte* text = name.Text)
        {
            NvtxLibrary.RangePush(text);
        }

        return new NvtxRange(isOpen: true);
    }

    /// <summary>Closes the innermost range.</summary>
    public void Dispose()
    {
        if (_isOpen)
        {
            NvtxLibrary.RangePop();
        }
    }
}
