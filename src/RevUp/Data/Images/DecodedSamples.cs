namespace RevUp.Data.Images;

/// <summary>
/// The decoded bytes of a data set's samples, kept from their first read on where all of them fit
/// into a budget: later epochs decode nothing. Thread-safe.
/// </summary>
/// <remarks>
/// It holds samples of one framing, the first that is asked for. What is cut out at random differs
/// in every epoch and is never kept.
/// </remarks>
internal sealed class DecodedSamples
{
    private readonly byte[]?[] _samples;
    private readonly Lock _lock = new();
    private int? _resize;

    private DecodedSamples(int count) => _samples = new byte[count][];

    /// <summary>Null where the samples take more than the budget.</summary>
    public static DecodedSamples? Create(int count, long bytesPerSample, long budget) =>
        (Int128)count * bytesPerSample <= budget ? new DecodedSamples(count) : null;

    /// <summary>Whether samples of this framing are kept.</summary>
    public bool Takes(Framing framing)
    {
        if (framing.FixedResize is not { } resize)
        {
            return false;
        }
        lock (_lock)
        {
            _resize ??= resize;
            return _resize == resize;
        }
    }

    /// <summary>The bytes of a sample that was kept; null otherwise.</summary>
    public byte[]? Find(int index) => Volatile.Read(ref _samples[index]);

    /// <summary>Keeps a copy.</summary>
    public void Keep(int index, ReadOnlySpan<byte> pixels) => Volatile.Write(ref _samples[index], pixels.ToArray());
}
