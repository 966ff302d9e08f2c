using RevUp.Data.Dense;
using RevUp.Data.Volumes;
using RevUp.Formats;
using RevUp.Tensors;

namespace RevUp.Data;

/// <summary>The data of a recipe.</summary>
public sealed record DataSettings
{
    private const int DefaultClasses = 10;

    private readonly int? _channels;
    private readonly int? _classes;

    /// <summary>
    /// Samples of a synthetic training set when <see cref="TrainingSamples"/> does not say.
    /// </summary>
    public const int SyntheticSamples = 512;

    /// <summary>The share of damaged samples that is tolerated when nothing else is said.</summary>
    public const double DefaultDamagedShare = 0.01;

    /// <summary>The most memory for decoded images when nothing else is said: 1 GiB.</summary>
    public const long DefaultCacheBytes = 1L << 30;

    /// <summary>Where samples come from.</summary>
    public DatasetKind Dataset { get; init; }

    /// <summary>Folder of the files; null for where the system's package puts them.</summary>
    public string? Path { get; init; }

    /// <summary>
    /// How training changes samples at random, and how they are framed. In a recipe its members
    /// stand directly in "data".
    /// </summary>
    public Augmentation Augmentation { get; init; } = new();

    /// <summary>
    /// Mean of each channel, white = 1; with <see cref="Deviation"/>, or empty to measure the
    /// training set.
    /// </summary>
    public IReadOnlyList<double> Mean { get; init; } = [];

    /// <summary>Standard deviation of each channel, white = 1.</summary>
    public IReadOnlyList<double> Deviation { get; init; } = [];

    /// <inheritdoc cref="BatchLoaderOptions.Workers"/>
    public int Workers { get; init; } = new BatchLoaderOptions().Workers;

    /// <inheritdoc cref="BatchLoaderOptions.Prefetch"/>
    public int Prefetch { get; init; } = new BatchLoaderOptions().Prefetch;

    /// <summary>
    /// The numbers in volume files that are not NIfTI: bare, little-endian, in the order of the
    /// sample.
    /// </summary>
    public VoxelType RawType { get; init; } = VoxelType.UInt8;

    /// <summary>
    /// How volumes of other extents, orientations and ranges of values become samples.
    /// </summary>
    public VolumeSettings Volumes { get; init; } = new();

    /// <summary>
    /// How cases with label maps become samples: patches of <see cref="Extents"/>, or whole cases.
    /// </summary>
    public DenseSettings Dense { get; init; } = new();

    /// <summary>
    /// Share of the samples that may be damaged: they are named, and training takes others in their
    /// place, an evaluation none. Above it, both stop.
    /// </summary>
    public double MaximumDamagedShare { get; init; } = DefaultDamagedShare;

    /// <summary>
    /// Whether files and members that look like samples and cannot be used, such as an image
    /// without a label, are left out. By default they are an error; 'revup data info' names them.
    /// </summary>
    public bool AllowSkipped { get; init; }

    /// <summary>
    /// The most memory for decoded images, as bytes or as text such as "2 GiB". A data set that
    /// fits is decoded once and kept as bytes, unless its samples are cut out at random; 0 keeps
    /// none.
    /// </summary>
    [JsonConverter(typeof(ByteCountConverter))]
    public long CacheBytes { get; init; } = DefaultCacheBytes;

    /// <summary>Training samples used, from the start of the set; 0 for all.</summary>
    public int TrainingSamples { get; init; }

    /// <summary>
    /// Samples of the training set that are held out, at random, to choose checkpoints and settings
    /// by; for data without a validation part.
    /// </summary>
    public int ValidationSamples { get; init; }

    /// <summary>
    /// Extents of samples that have no size of their own, or not one: [H, W] or [D, H, W].
    /// </summary>
    public IReadOnlyList<int> Extents { get; init; } = [];

    /// <summary>
    /// Channels of samples whose dataset does not say. Unless set: 3 for image folders and shards,
    /// whose images are seldom grey, else 1; a recipe takes the number of a segmentation folder
    /// from its files.
    /// </summary>
    public int Channels
    {
        get => _channels
            ?? (Dataset is DatasetKind.ImageFolder or DatasetKind.WebDataset or DatasetKind.MaskFolder ? 3 : 1);
        init => _channels = value;
    }

    /// <summary>
    /// Classes of samples whose dataset does not say: labels or numbers where the targets are
    /// these. Unless set: 10; a recipe takes the number of a segmentation or mask folder from its
    /// files.
    /// </summary>
    public int Classes
    {
        get => _classes ?? DefaultClasses;
        init => _classes = value;
    }

    /// <summary>Whether <see cref="Channels"/> was set.</summary>
    internal bool StatesChannels => _channels is not null;

    /// <summary>Whether <see cref="Classes"/> was set.</summary>
    internal bool StatesClasses => _classes is not null;

    /// <summary>Shape of one sample, [1, (D), H, W, C], without opening any file.</summary>
    public Shape Sample => Dataset switch
    {
        DatasetKind.FashionMnist or DatasetKind.Mnist when !StatesSample => new Shape(1, 28, 28, 1),
        DatasetKind.Cifar10 or DatasetKind.Cifar100 => CifarDataset.SampleShape,
        _ => new Shape([1, .. Extents, Channels]),
    };

    /// <summary>Number of classes, without opening any file.</summary>
    public int ClassCount => Dataset switch
    {
        DatasetKind.FashionMnist or DatasetKind.Cifar10 => 10,
        DatasetKind.Cifar100 => 100,
        DatasetKind.Lesions => Lesions.ClassNames.Length,
        _ => Classes,
    };

    /// <summary>
    /// Changes that training makes to samples: the augmentation, and for volumes their settings.
    /// </summary>
    public Augmentation TrainingAugmentation => Augmentation with
    {
        FlipEveryAxis = Volumes.FlipEveryAxis,
        RandomPlace = Volumes.Fit == VolumeFit.CropOrPad,
    };

    /// <summary>Whether a sample has a label at each position, and none of its own.</summary>
    internal bool HasLabelMaps =>
        Dataset is DatasetKind.SegmentationFolder or DatasetKind.MaskFolder or DatasetKind.Lesions;

    // The shape is the recipe's, not the files'.
    private bool StatesSample => Dataset is DatasetKind.Mnist
        ? Extents.Count > 0
        : Dataset is not (DatasetKind.FashionMnist or DatasetKind.Cifar10 or DatasetKind.Cifar100);

    /// <summary>Throws when a value is outside its range.</summary>
    /// <exception cref="ConfigurationException">Names the value and the range.</exception>
    public void Validate()
    {
        Augmentation.Validate();
        ConfigurationException.Require(
            TrainingSamples >= 0, $"data.trainingSamples is {TrainingSamples}; use a positive number, or 0 for all");
        ConfigurationException.Require(
            CacheBytes >= 0, $"data.cacheBytes is {CacheBytes}; use a number of bytes, or 0 to keep no images");
        ConfigurationException.Require(
            ValidationSamples >= 0,
            $"data.validationSamples is {ValidationSamples}; use a positive number, or 0 for none");
        ConfigurationException.Require(
            MaximumDamagedShare is >= 0 and <= 1, $"data.maximumDamagedShare is {MaximumDamagedShare}; use 0 to 1");
        if (StatesSample)
        {
            ConfigurationException.Require(
                Extents.Count is 2 or 3 && Extents.All(e => e is >= 1 and <= 65_536),
                $"data.extents is [{string.Join(", ", Extents)}]; this data needs [height, width] or [depth, height, "
                + $"width]");
            ConfigurationException.Require(Channels is >= 1 and <= 4096, $"data.channels is {Channels}; use 1 to 4096");
            ConfigurationException.Require(
                Classes is >= 1 and <= 100_000,
                $"data.classes is {Classes}; use 2 to 100000 classes, or 1 to 100000 labels or numbers");
        }
        Volumes.Validate(Dataset == DatasetKind.Volumes ? Extents.Count : 0);
        Dense.Validate();
        RequireStatistics();
    }

    private void RequireStatistics()
    {
        int channels = Sample.Channels;
        ConfigurationException.Require(
            Mean.Count == 0 || Dataset is not (DatasetKind.SegmentationFolder or DatasetKind.Lesions),
            $"data.mean is [{string.Join(", ", Mean)}], but the preparation normalises these cases; leave it out");
        ConfigurationException.Require(
            Mean.Count == 0 || Volumes.Normalization == VolumeNormalization.Set,
            $"data.mean is [{string.Join(", ", Mean)}], but data.volumes.normalization is 'volume', by which each has "
            + $"its own; leave one of them out");
        ConfigurationException.Require(
            Mean.Count == Deviation.Count && (Mean.Count == 0 || Mean.Count == channels)
                && Mean.All(double.IsFinite) && Deviation.All(d => double.IsFinite(d) && d > 0),
            $"data.mean is [{string.Join(", ", Mean)}] and data.deviation [{string.Join(", ", Deviation)}]; give "
            + $"{channels} of each, or none to measure them");
    }
}
