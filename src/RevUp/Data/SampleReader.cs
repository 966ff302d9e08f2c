namespace RevUp.Data;

/// <summary>
/// Reads the samples of an <see cref="ImageDataset"/> on one thread. Derive from
/// <see cref="ImageReader"/>.
/// </summary>
public abstract class SampleReader : IDisposable
{
    /// <summary>Writes one sample, augmented and normalised.</summary>
    /// <param name="index">The sample, 0 .. N − 1.</param>
    /// <param name="key">
    /// Whose random numbers the augmentation draws: the same key gives the same floats, on any
    /// thread and in any order.
    /// </param>
    /// <param name="transform">Augmentation and normalisation.</param>
    /// <param name="destination">(D) × H × W × C floats, all of them written.</param>
    /// <exception cref="DataFileException">
    /// The sample is missing or damaged. A loader then takes another, and counts.
    /// </exception>
    internal abstract void Write(int index, SampleKey key, SampleTransform transform, Span<float> destination);

    /// <summary>
    /// Writes one sample of a dataset with label maps, and a label for each of its positions; a
    /// dataset without them has no labels to write.
    /// </summary>
    /// <inheritdoc cref="Write(int, SampleKey, SampleTransform, Span{float})"/>
    internal virtual void Write(
        int index, SampleKey key, SampleTransform transform, Span<float> destination, Span<ushort> labels) =>
        Write(index, key, transform, destination);

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
