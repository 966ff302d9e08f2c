namespace RevUp.Interop.Nvtx;

/// <summary>
/// A named range of the calling thread's work in Nsight Systems and Nsight Compute, from <see cref="Open"/> to <see cref="Dispose"/>, in a <c>using</c>. Ranges
/// nest. Without the NVTX library it does nothing. No garbage.
/// </summary>
public readonly ref struct NvtxRange : IDisposable
{
    /// <summary>Opens a range.</summary>
    public static unsafe NvtxRange Open(NvtxName name)
    {
        if (NvtxLibrary.IsAvailable)
        {
            fixed (byte* text = name.Text)
            {
                _ = NvtxLibrary.RangePush(text);
            }
        }

        return default;
    }

    /// <summary>Closes the innermost range.</summary>
    public void Dispose()
    {
        if (NvtxLibrary.IsAvailable)
        {
            _ = NvtxLibrary.RangePop();
        }
    }
}
