namespace RevUp.Tensors;

// Between tensors of other sizes stay holes, whose pages take memory although no tensor is there.
// Free memory goes back to the system as soon as tensors and free memory together have more pages
// than tensors have ever needed at once, and 16 MiB. A page that is needed again costs time.
public sealed partial class Arena
{
    // Pages beyond it are given back: a little room, so that small tensors cause no calls.
    private const long Slack = 16 << 20;

    private readonly TouchedPages? _pages;
    private long _most;

    /// <summary>An arena that can give pages back to the system.</summary>
    /// <param name="start">Start of a page.</param>
    /// <param name="capacity">In bytes.</param>
    /// <param name="poison">As the public constructor has it.</param>
    /// <param name="discard">
    /// Called with the address and the length of free memory that may lose its content.
    /// </param>
    internal Arena(nint start, long capacity, Action<nint, long>? poison, Action<nint, long> discard)
        : this(start, capacity, poison) =>
        _pages = new TouchedPages((offset, bytes) => discard(start + (nint)offset, bytes));

    private void LimitPages(Block allocated)
    {
        if (_pages is null)
        {
            return;
        }
        _pages.Touch(allocated.Offset, allocated.Size);
        _most = Math.Max(_most, _use.Total);
        for (int i = _firstFree; _pages.Bytes > _most + Slack && i != None; i = _blocks[i].NextFree)
        {
            _pages.Discard(_blocks[i].Offset, _blocks[i].Size, _most + Slack);
        }
    }
}
