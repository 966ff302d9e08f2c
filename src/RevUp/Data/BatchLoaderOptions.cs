namespace RevUp.Data;

/// <summary>
/// How a <see cref="BatchLoader"/> orders, augments and groups the samples. The defaults are those of an evaluation: in order, unchanged, all of them.
/// </summary>
public sealed record BatchLoaderOptions
{
    /// <summary>Samples per batch.</summary>
    public int BatchSize { get; init; } = 128;

    /// <summary>Worker threads. Has no influence on the result.</summary>
    public int Workers { get; init; } = 2;

    /// <summary>Batches that may be ready or in the making while the caller works on another. Has no influence on the result.</summary>
    public int Prefetch { get; init; } = 4;

    /// <summary>Whether each epoch visits the samples in an order of its own.</summary>
    public bool Shuffle { get; init; }

    /// <summary>Whether the last batch of an epoch is left out when it is smaller than the others.</summary>
    public bool DropLast { get; init; }

    /// <summary>Seed of the order and of the augmentation.</summary>
    public ulong Seed { get; init; }

    /// <summary>Black pixels added on every side before a random crop back to the image's size; 0 for none.</summary>
    public int Padding { get; init; }

    /// <summary>Whether every second image on average is mirrored left-right.</summary>
    public bool Flip { get; init; }

    /// <summary>ε in the targets (1 − ε) · onehot + ε / K, in [0, 1).</summary>
    public float LabelSmoothing { get; init; }

    internal void Validate(ImageDataset dataset, ChannelNormalization normalization)
    {
        ConfigurationException.Require(BatchSize > 0, $"BatchSize is {BatchSize}; it must be at least 1");
        ConfigurationException.Require(Workers is > 0 and <= 1024, $"Workers is {Workers}; it must be 1 to 1024");
        ConfigurationException.Require(Prefetch is > 0 and <= 1024, $"Prefetch is {Prefetch}; it must be 1 to 1024");
        int smaller = Math.Min(dataset.Height, dataset.Width);
        ConfigurationException.Require(
            Padding >= 0 && Padding < smaller, $"Padding is {Padding}; it must be 0 to {smaller - 1}, less than the image's smaller side");
        ConfigurationException.Require(LabelSmoothing is >= 0 and < 1, $"LabelSmoothing is {LabelSmoothing}; it must be at least 0 and less than 1");
        long values = Math.Max((long)dataset.Height * dataset.Width * dataset.Channels, dataset.Classes.Count) * BatchSize;
        ConfigurationException.Require(
            values <= Array.MaxLength, $"BatchSize is {BatchSize}, which makes a buffer of {values} numbers; it must stay within {Array.MaxLength}");
        ConfigurationException.Require(
            dataset.Count > 0 && !(DropLast && dataset.Count < BatchSize),
            $"The dataset has {dataset.Count} images, which makes no batch of {BatchSize} (DropLast: {DropLast}); use a smaller batch or keep the last one");
        ConfigurationException.Require(
            normalization.Mean.Count == dataset.Channels,
            $"The normalisation has {normalization.Mean.Count} channels and the images have {dataset.Channels}; compute it from images like these");
    }
}
