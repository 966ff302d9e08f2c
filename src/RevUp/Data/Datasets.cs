using RevUp.Data.Images;
using RevUp.Data.Volumes;
using RevUp.Tensors;

namespace RevUp.Data;

/// <summary>From the data settings of a recipe to a dataset.</summary>
internal static class Datasets
{
    private const int SyntheticTestSamples = 256;
    private const ulong SyntheticSeed = 20_190_101;

    // Decoding them takes seconds, and their mean is within about 1 % of a deviation of that of all.
    private const int MeasuredSamples = 5_000;

    /// <summary>Opens one split; the caller disposes it.</summary>
    /// <exception cref="DataFileException">A file is missing or damaged.</exception>
    /// <exception cref="ConfigurationException">The settings ask for more than the data has, or for something that it cannot do.</exception>
    public static ImageDataset Open(DataSettings settings, DatasetSplit split)
    {
        settings.Validate();
        ImageDataset dataset = settings.Dataset switch
        {
            DatasetKind.FashionMnist => IdxDataset.Open(settings.Path ?? FashionMnist.DefaultFolder, split, FashionMnist.ClassNames),
            DatasetKind.Mnist => IdxDataset.Open(
                Folder(settings, "MNIST's four IDX files"), split, classes: settings.Classes),
            DatasetKind.Cifar10 => CifarDataset.OpenCifar10(Folder(settings, $"CIFAR-10's binary files. {CifarDataset.HowToGet}"), split),
            DatasetKind.Cifar100 => CifarDataset.OpenCifar100(Folder(settings, $"CIFAR-100's binary files. {CifarDataset.HowToGet}"), split),
            DatasetKind.ImageFolder => ImageFolder.Open(Folder(settings, "train/CLASS/FILE and test/CLASS/FILE"), split, settings.Sample),
            DatasetKind.WebDataset => WebDataset.Open(Folder(settings, "train/*.tar and test/*.tar"), split, settings.Sample),
            DatasetKind.Volumes => VolumeDataset.Open(
                Folder(settings, "train.csv and test.csv"), split, settings.Sample, settings.RawType, settings.Volumes),
            DatasetKind.Custom => throw new ConfigurationException(
                "data.dataset is 'custom': only a program that passes its own datasets to the run can use this recipe; name a kind of files instead."),
            _ => Synthetic(settings, split),
        };
        try
        {
            if (!settings.AllowSkipped)
            {
                DataFinding.RequireNoProblem(settings.Path ?? "", dataset.Findings, "set data.allowSkipped=true");
            }
            ConfigurationException.Require(
                dataset.Classes.Count > 1,
                $"The data in {settings.Path} has only the class '{dataset.Classes[0]}', and there is nothing to tell it from; add samples of another class");
            (int found, string names) = (dataset.Classes.Count, FirstOf(dataset.Classes));
            ConfigurationException.Require(
                found == settings.ClassCount,
                $"data.classes is {settings.ClassCount}, but the data in {settings.Path} has {found} classes; set data.classes to that ({names})");
            string extents = string.Join(
                ", ", Enumerable.Range(0, dataset.Sample.SpatialRank).Select(dataset.Sample.Extent));
            ConfigurationException.Require(
                dataset.Sample == settings.Sample,
                $"The data in {settings.Path} has samples {dataset.Sample}, expected {settings.Sample}; set data.extents to [{extents}]");
            return split == DatasetSplit.Test ? dataset : First(dataset, settings.TrainingSamples);
        }
        catch
        {
            dataset.Dispose();
            throw;
        }
    }

    /// <summary>The normalisation that a recipe states, or else the training set's statistics: of 5,000 images that must be decoded, of all others.</summary>
    /// <exception cref="DataFileException">None of the samples can be read.</exception>
    public static ChannelNormalization Normalization(DataSettings settings, ImageDataset train)
    {
        if (settings.Dataset == DatasetKind.Volumes && settings.Volumes.Normalization == VolumeNormalization.Volume)
        {
            int channels = train.Sample.Channels;
            return new ChannelNormalization(new double[channels], [.. Enumerable.Repeat(1.0, channels)]);
        }
        return settings.Mean.Count > 0
            ? new ChannelNormalization(settings.Mean, settings.Deviation)
            : ChannelNormalization.Compute(train, train.HasOwnSizes ? MeasuredSamples : int.MaxValue);
    }

    private static string FirstOf(IReadOnlyList<string> classes)
    {
        const int Shown = 10;
        return PrintableText.Of(string.Join(", ", classes.Take(Shown)) + (classes.Count > Shown ? ", ..." : ""));
    }

    private static ImageDataset First(ImageDataset dataset, int samples)
    {
        ConfigurationException.Require(
            samples <= dataset.Count,
            $"data.trainingSamples is {samples}, but the training set has {dataset.Count}; use a smaller number, or 0 for all");
        return samples == 0 || samples == dataset.Count ? dataset : new FirstSamples(dataset, samples);
    }

    private static string Folder(DataSettings settings, string contents) =>
        settings.Path ?? throw new ConfigurationException($"data.path is missing: name the folder with {contents}");

    private static SyntheticDataset Synthetic(DataSettings settings, DatasetSplit split)
    {
        Shape sample = settings.Sample;
        ConfigurationException.Require(settings.Classes <= 256, $"data.classes is {settings.Classes}; synthetic samples have at most 256 classes");
        int train = settings.TrainingSamples == 0 ? DataSettings.SyntheticSamples : settings.TrainingSamples;
        int count = split == DatasetSplit.Train ? train : SyntheticTestSamples;
        Int128 bytes = (Int128)count * sample.Count;
        ConfigurationException.Require(
            bytes <= Array.MaxLength,
            $"{count} synthetic samples {sample} take {bytes} bytes, more than the {Array.MaxLength} they may; set data.trainingSamples to fewer");
        return SyntheticDataset.Create(count, sample, settings.Classes, SyntheticSeed, split);
    }

    /// <summary>The first samples of a dataset, which it owns.</summary>
    private sealed class FirstSamples(ImageDataset dataset, int count) : ImageDataset
    {
        public override int Count => count;

        public override IReadOnlyList<string> Classes => dataset.Classes;

        public override Shape Sample => dataset.Sample;

        public override bool HasOwnSizes => dataset.HasOwnSizes;

        internal override IReadOnlyList<DataFinding> Findings => dataset.Findings;

        public override int Label(int index) => dataset.Label(Check(index));

        public override string Name(int index) => dataset.Name(Check(index));

        public override SampleReader OpenReader() => dataset.OpenReader();

        protected override void Dispose(bool disposing)
        {
            dataset.Dispose();
            base.Dispose(disposing);
        }

        private int Check(int index)
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)count, nameof(index));
            return index;
        }
    }
}
