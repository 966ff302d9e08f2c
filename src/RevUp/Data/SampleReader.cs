namespace RevUp.Data;

/// <summary>
/// Reads the samples of an <see cref="ImageDataset"/> on one thread. Derive from
/// <see cref="ImageReader"/> or <see cref="FloatReader"/>.
/// </summary>
public abstract class SampleReader : IDisposable
{
    /// <summary>
    /// Whether samples are bytes, which a device normalises; otherwise they are normalised floats.
    /// </summary>
    internal virtual bool WritesBytes => false;

    /// <summary>Writes one sample, augmented.</summary>
    /// <param name="index">The sample, 0 .. N − 1.</param>
    /// <param name="key">
    /// Whose random numbers the augmentation draws: the same key gives the same sample, on any
    /// thread and in any order.
    /// </param>
    /// <param name="transform">Augmentation and normalisation.</param>
    /// <param name="row">The sample's place in a batch, all of it written.</param>
    /// <exception cref="DataFileException">
    /// The sample is missing or damaged. A loader then takes another, and counts.
    /// </exception>
    internal abstract void Write(int index, SampleKey key, SampleTransform transform, SampleRow row);

    /// <summary>Adds the values of one sample, neither augmented nor normalised.</summary>
    /// <exception cref="DataFileException">The sample is missing or damaged.</exception>
    internal abstract void Measure(int index, ChannelStatistics statistics);

    /// <summary>Frees decoders and buffers.</summary>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Frees decoders and buffers; nothing by default.</summary>
    protected virtual void Dispose(bool disposing)
    {
    }
}
