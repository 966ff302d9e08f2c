namespace RevUp.Tensors;

/// <summary>
/// The parts of a reservation that may take memory: parts that a tensor has lain in, and that were
/// not given back to the system since.
/// </summary>
/// <param name="discard">Gives a range back, from its first byte and of a length.</param>
internal sealed class TouchedPages(Action<long, long> discard)
{
    /// <summary>Bytes of a part: whole pages of any system.</summary>
    public const int PageBytes = 1 << 20;

    private readonly List<bool> _isTouched = [];

    /// <summary>Bytes of all touched parts.</summary>
    public long Bytes { get; private set; }

    /// <summary>A tensor lies in a range.</summary>
    public void Touch(long offset, long bytes)
    {
        int end = checked((int)((offset + bytes + PageBytes - 1) / PageBytes));
        while (_isTouched.Count < end)
        {
            _isTouched.Add(false);
        }
        for (int page = (int)(offset / PageBytes); page < end; page++)
        {
            Bytes += _isTouched[page] ? 0 : PageBytes;
            _isTouched[page] = true;
        }
    }

    /// <summary>
    /// Gives touched parts back that lie whole in a free range, from its end, where tensors come
    /// last.
    /// </summary>
    /// <param name="offset">Start of the range.</param>
    /// <param name="bytes">Its length.</param>
    /// <param name="most">No more is given back than leaves this many bytes.</param>
    public void Discard(long offset, long bytes, long most)
    {
        int first = (int)Math.Min((offset + PageBytes - 1) / PageBytes, _isTouched.Count);
        int page = (int)Math.Min((offset + bytes) / PageBytes, _isTouched.Count);
        while (page > first && Bytes > most)
        {
            int end = page;
            while (page > first && Bytes > most && _isTouched[page - 1])
            {
                _isTouched[--page] = false;
                Bytes -= PageBytes;
            }
            if (page < end)
            {
                discard((long)page * PageBytes, (long)(end - page) * PageBytes);
            }
            else
            {
                page--;
            }
        }
    }
}
