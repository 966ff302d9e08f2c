using RevUp.Tensors;

namespace RevUp.Data;

/// <summary>
/// How a <see cref="BatchLoader"/> orders, augments and groups the samples. The defaults
/// suit an evaluation: all samples, in order, unchanged.
/// </summary>
internal sealed record BatchLoaderOptions
{
    /// <summary>Samples per batch.</summary>
    public int BatchSize { get; init; } = 128;

    /// <summary>
    /// Worker threads, which share the samples of a batch. Has no influence on the result.
    /// </summary>
    public int Workers { get; init; } = 1;

    /// <summary>
    /// Batches that may be ready or in the making while the caller works on another. Has no
    /// influence on the result.
    /// </summary>
    public int Prefetch { get; init; } = 4;

    /// <summary>Whether each epoch visits the samples in an order of its own.</summary>
    public bool Shuffle { get; init; }

    /// <summary>
    /// Whether the last batch of an epoch is left out when it is smaller than the others.
    /// </summary>
    public bool DropLast { get; init; }

    /// <summary>Seed of the order and of the augmentation.</summary>
    public ulong Seed { get; init; }

    /// <summary>Changes to samples and targets.</summary>
    public Augmentation Augmentation { get; init; } = new();

    /// <summary>
    /// The weight of each class in the loss, by which its targets are multiplied; null for 1.
    /// </summary>
    public IReadOnlyList<float>? ClassWeights { get; init; }

    /// <summary>
    /// Damaged samples found so far, and how many are too many; null for a list of the loader's
    /// own, which allows 1 %.
    /// </summary>
    public DamagedSamples? Damaged { get; init; }

    /// <summary>
    /// Whether the next good sample of the order takes the place of a damaged one, so that every
    /// batch is whole, as training wants it. Without, its batch is smaller by it: an evaluation
    /// must not judge on another sample twice.
    /// </summary>
    public bool ReplaceDamaged { get; init; }

    /// <summary>Loaders that share the batches of an epoch, one in each rank of a run.</summary>
    public int Ranks { get; init; } = 1;

    /// <summary>
    /// Number of this loader among them, from 0. Of every <see cref="Ranks"/> batches in a row it
    /// makes the one with this number.
    /// </summary>
    public int Rank { get; init; }

    /// <summary>Throws when a value is outside its range.</summary>
    /// <exception cref="ConfigurationException">
    /// Names the value, by its path in a recipe, and the range.
    /// </exception>
    public void Validate()
    {
        ConfigurationException.Require(
            BatchSize is >= 1 and <= 65_536, $"training.batchSize is {BatchSize}; use 1 to 65536");
        ConfigurationException.Require(Workers is >= 1 and <= 256, $"data.workers is {Workers}; use 1 to 256");
        ConfigurationException.Require(Prefetch is >= 1 and <= 1024, $"data.prefetch is {Prefetch}; use 1 to 1024");
        Augmentation.Validate();
    }

    internal void Validate(ImageDataset dataset, ChannelNormalization normalization)
    {
        Validate();
        ConfigurationException.Require(
            dataset.Count > 0 && !(DropLast && dataset.Count < BatchSize),
            $"The dataset has {dataset.Count} samples, which makes no batch of {BatchSize} (training.batchSize); use a "
            + $"smaller batch");
        Augmentation.RequireFits(dataset);
        ConfigurationException.Require(
            ClassWeights is null || ClassWeights.Count == dataset.Classes.Count,
            $"training.classWeights has {ClassWeights?.Count} numbers, and the data has {dataset.Classes.Count} "
            + $"classes; give one for each");
        long values = Math.Max(dataset.Sample.Count, dataset.Classes.Count) * Math.Min(BatchSize, dataset.Count);
        ConfigurationException.Require(
            values <= Array.MaxLength,
            $"training.batchSize is {BatchSize}, which makes a buffer of {values} numbers; it must stay within "
            + $"{Array.MaxLength}");
        ConfigurationException.Require(
            normalization.Mean.Count == dataset.Sample.Channels,
            $"The normalisation has {normalization.Mean.Count} channels and the samples have "
            + $"{dataset.Sample.Channels}; compute it from samples like these");
    }
}
