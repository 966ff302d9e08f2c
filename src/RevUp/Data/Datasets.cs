using RevUp.Data.Dense;
using RevUp.Data.Images;
using RevUp.Data.Volumes;
using RevUp.Tensors;

namespace RevUp.Data;

/// <summary>From the data settings of a recipe to a dataset.</summary>
internal static class Datasets
{
    private const int SyntheticTestSamples = 256;
    private const ulong SyntheticSeed = 20_190_101;

    // Decoding them takes seconds, and their mean is within about 1 % of a deviation of the mean of
    // all.
    private const int MeasuredSamples = 5_000;

    /// <summary>Opens one split; the caller disposes it.</summary>
    /// <exception cref="DataFileException">A file is missing or damaged.</exception>
    /// <exception cref="ConfigurationException">
    /// The settings ask for more than the data has, or for something that it cannot do.
    /// </exception>
    public static ImageDataset Open(DataSettings settings, DatasetSplit split)
    {
        settings.Validate();
        // Held-out samples are of the training set.
        bool isOwnPart = split == DatasetSplit.Validation && HasOwnValidation(settings);
        ConfigurationException.Require(
            !isOwnPart || settings.ValidationSamples == 0,
            $"data.validationSamples is {settings.ValidationSamples}, but the data has a validation part; set it to 0");
        ConfigurationException.Require(
            split != DatasetSplit.Validation || Has(settings, split),
            $"The data has no validation part; set data.validationSamples to hold out samples of the training set");
        if (settings.HasLabelMaps)
        {
            return DenseDatasets.Open(settings, split, isOwnPart);
        }
        DatasetSplit files = split == DatasetSplit.Validation && !isOwnPart ? DatasetSplit.Train : split;
        ImageDataset dataset = settings.Dataset switch
        {
            DatasetKind.FashionMnist =>
                IdxDataset.Open(settings.Path ?? FashionMnist.DefaultFolder, files, FashionMnist.ClassNames),
            DatasetKind.Mnist => IdxDataset.Open(
                Folder(settings, "MNIST's four IDX files"), files, classes: settings.Classes),
            DatasetKind.Cifar10 =>
                CifarDataset.OpenCifar10(Folder(settings, $"CIFAR-10's binary files. {CifarDataset.HowToGet}"), files),
            DatasetKind.Cifar100 =>
                CifarDataset.OpenCifar100(
                    Folder(settings, $"CIFAR-100's binary files. {CifarDataset.HowToGet}"), files),
            DatasetKind.ImageFolder =>
                ImageFolder.Open(Folder(settings, "train/CLASS/FILE and test/CLASS/FILE"), files, settings.Sample),
            DatasetKind.WebDataset =>
                WebDataset.Open(Folder(settings, "train/*.tar and test/*.tar"), files, settings.Sample),
            DatasetKind.Volumes => VolumeDataset.Open(
                Folder(settings, "train.csv, test.csv and perhaps validation.csv"),
                files,
                settings.Sample,
                settings.RawType,
                settings.Volumes),
            DatasetKind.Custom => throw new ConfigurationException(
                "data.dataset is 'custom': only a program that passes its own datasets to the run can use this recipe; "
                + "name a kind of files instead."),
            _ => Synthetic(settings, files),
        };
        try
        {
            if (dataset is EncodedDataset images)
            {
                images.CacheBytes = settings.CacheBytes;
            }
            if (!settings.AllowSkipped)
            {
                DataFinding.RequireNoProblem(settings.Path ?? "", dataset.Findings, "set data.allowSkipped=true");
            }
            ConfigurationException.Require(
                dataset.Classes.Count > 1,
                $"The data in {settings.Path} has only the class '{dataset.Classes[0]}', and there is nothing to tell "
                + $"it from; add samples of another class");
            (int found, string names) = (dataset.Classes.Count, FirstOf(dataset.Classes));
            ConfigurationException.Require(
                found == settings.ClassCount,
                $"data.classes is {settings.ClassCount}, but the data in {settings.Path} has {found} classes; set "
                + $"data.classes to that ({names})");
            string extents = string.Join(
                ", ", Enumerable.Range(0, dataset.Sample.SpatialRank).Select(dataset.Sample.Extent));
            ConfigurationException.Require(
                dataset.Sample == settings.Sample,
                $"The data in {settings.Path} has samples {dataset.Sample}, expected {settings.Sample}; set "
                + $"data.extents to [{extents}]");
            return split == DatasetSplit.Test || isOwnPart ? dataset : HeldOut.Select(dataset, settings, split);
        }
        catch
        {
            dataset.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Whether the data has a part. There is always a training set; an image folder may lack either
    /// of the others.
    /// </summary>
    public static bool Has(DataSettings settings, DatasetSplit split)
    {
        ArgumentNullException.ThrowIfNull(settings);
        return split switch
        {
            DatasetSplit.Train => true,
            DatasetSplit.Validation => settings.ValidationSamples > 0 || HasOwnValidation(settings),
            // Where there is no other part, it is missed when it is opened.
            _ => !(settings.HasLabelMaps && settings.Path is not null
                ? Has(settings, DatasetSplit.Validation)
                : HasOwnValidation(settings)) || Find(settings, split) is not null,
        };
    }

    /// <summary>
    /// The part that is evaluated after epochs: the validation part, or where there is none, the
    /// test part.
    /// </summary>
    public static DatasetSplit Held(DataSettings settings) =>
        Has(settings, DatasetSplit.Validation) ? DatasetSplit.Validation : DatasetSplit.Test;

    /// <summary>
    /// The part that a result is given for: the test part, or where there is none, the validation
    /// part.
    /// </summary>
    public static DatasetSplit Judged(DataSettings settings) =>
        Has(settings, DatasetSplit.Test) ? DatasetSplit.Test : DatasetSplit.Validation;

    private static bool HasOwnValidation(DataSettings settings) =>
        Find(settings, DatasetSplit.Validation) is not null;

    // The folder or list of a part of the kinds of data that may have three.
    private static string? Find(DataSettings settings, DatasetSplit part) => settings.Dataset switch
    {
        DatasetKind.ImageFolder or DatasetKind.WebDataset => SplitFolder.TryFind(settings.Path ?? "", part),
        DatasetKind.Volumes => VolumeDataset.FindList(settings.Path ?? "", part),
        DatasetKind.SegmentationFolder or DatasetKind.MaskFolder => DenseDatasets.Find(settings, part),
        _ => null,
    };

    /// <summary>
    /// The normalisation that a recipe states, or else the training set's statistics: of 5,000
    /// images that must be decoded, of all others.
    /// </summary>
    /// <exception cref="DataFileException">None of the samples can be read.</exception>
    public static ChannelNormalization Normalization(DataSettings settings, ImageDataset train)
    {
        bool isNormalized = train is DensePatches { Cases.IsNormalized: true }
            || (settings.Dataset == DatasetKind.Volumes && settings.Volumes.Normalization == VolumeNormalization.Volume);
        if (isNormalized)
        {
            int channels = train.Sample.Channels;
            return new ChannelNormalization(new double[channels], [.. Enumerable.Repeat(1.0, channels)]);
        }
        return settings.Mean.Count > 0
            ? new ChannelNormalization(settings.Mean, settings.Deviation)
            : ChannelNormalization.Compute(train, train.HasOwnSizes || train.HasLabelMaps ? MeasuredSamples : int.MaxValue);
    }

    internal static string FirstOf(IReadOnlyList<string> classes)
    {
        const int Shown = 10;
        return PrintableText.Of(string.Join(", ", classes.Take(Shown)) + (classes.Count > Shown ? ", ..." : ""));
    }

    internal static string Folder(DataSettings settings, string contents)
    {
        string path = settings.Path
            ?? throw new ConfigurationException($"data.path is missing: name the folder with {contents}");
        // MNIST's may end in a prefix of the files.
        return Directory.Exists(path) || settings.Dataset == DatasetKind.Mnist ? path : throw new DataFileException(
            path,
            $"there is no such folder; set data.path to the one with {contents.TrimEnd('.')}. Of a checkpoint, --data "
            + "tells where its data is now.");
    }

    private static SyntheticDataset Synthetic(DataSettings settings, DatasetSplit split)
    {
        Shape sample = settings.Sample;
        ConfigurationException.Require(
            settings.Classes <= 256, $"data.classes is {settings.Classes}; synthetic samples have at most 256 classes");
        int train = settings.TrainingSamples == 0 ? DataSettings.SyntheticSamples : settings.TrainingSamples;
        int count = split == DatasetSplit.Train ? train + settings.ValidationSamples : SyntheticTestSamples;
        Int128 bytes = (Int128)count * sample.Count;
        ConfigurationException.Require(
            bytes <= Array.MaxLength,
            $"{count} synthetic samples {sample} take {bytes} bytes, more than the {Array.MaxLength} they may; set "
            + $"data.trainingSamples to fewer");
        return SyntheticDataset.Create(count, sample, settings.Classes, SyntheticSeed, split);
    }
}
