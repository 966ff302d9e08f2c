namespace RevUp.Interop.Nvtx;

/// <summary>
/// A named range of the calling thread's work in Nsight Systems and Nsight Compute, from
/// <see cref="Open"/> to <see cref="Dispose"/>, in a <c>using</c>. Ranges nest, and
/// <see cref="Path"/> names the open ones. A profiler sees them through librevup_nvtx alone. The
/// default value does nothing. No garbage.
/// </summary>
internal readonly ref struct NvtxRange : IDisposable
{
    private const int MostNested = 16;

    [ThreadStatic]
    private static NvtxName[]? s_open;

    [ThreadStatic]
    private static int s_depth;

    private readonly bool _isOpen;

    private NvtxRange(bool isOpen) => _isOpen = isOpen;

    /// <summary>
    /// The open ranges of the calling thread, such as "step / backward / stem"; empty where none
    /// is open.
    /// </summary>
    public static string Path =>
        string.Join<NvtxName>(" / ", (s_open ?? []).Take(Math.Min(s_depth, MostNested)));

    /// <summary>Opens a range.</summary>
    public static unsafe NvtxRange Open(NvtxName name)
    {
        s_open ??= new NvtxName[MostNested];
        if (s_depth < MostNested)
        {
            s_open[s_depth] = name;
        }

        s_depth++;
        if (NvtxLibrary.IsAvailable)
        {
            fixed (byte* text = name.Text)
            {
                NvtxLibrary.RangePush(text);
            }
        }

        return new NvtxRange(isOpen: true);
    }

    /// <summary>Closes the innermost range.</summary>
    public void Dispose()
    {
        if (!_isOpen)
        {
            return;
        }

        s_depth--;
        if (NvtxLibrary.IsAvailable)
        {
            NvtxLibrary.RangePop();
        }
    }
}
