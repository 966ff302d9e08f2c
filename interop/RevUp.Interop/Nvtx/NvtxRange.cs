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
    public static string Path => string.Join<NvtxName>(" / ", Opened.ToArray());

    /// <summary>The open ranges of the calling thread, outermost first.</summary>
    public static ReadOnlySpan<NvtxName> Opened => s_open.AsSpan(0, Math.Min(s_depth, MostNested));

    /// <summary>Opens a range, with a size in bytes where it has one.</summary>
    public static NvtxRange Open(NvtxName name, long bytes = -1)
    {
        s_open ??= new NvtxName[MostNested];
        if (s_depth < MostNested)
        {
            s_open[s_depth] = name;
        }

        s_depth++;
        if (NvtxLibrary.IsAvailable)
        {
            NvtxLibrary.RangePush(name.Handle, bytes);
        }

        return new NvtxRange(isOpen: true);
    }

    /// <summary>Marks a moment with a number.</summary>
    public static void Mark(NvtxName name, NvtxMark category, double value)
    {
        if (NvtxLibrary.IsAvailable)
        {
            NvtxLibrary.RangeMark(name.Handle, category, value);
        }
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
