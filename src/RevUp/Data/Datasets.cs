using RevUp.Tensors;

namespace RevUp.Data;

/// <summary>From the data settings of a recipe to a dataset.</summary>
public static class Datasets
{
    private const int SyntheticTestSamples = 256;
    private const ulong SyntheticSeed = 20_190_101;

    /// <summary>Opens one split. A synthetic volume D × H × W is held as an image of D·H rows: the bytes are the same.</summary>
    /// <exception cref="DataFileException">A file is missing or damaged.</exception>
    /// <exception cref="ConfigurationException">The settings ask for more than the data has, or for something volumes cannot do.</exception>
    public static ImageDataset Open(DataSettings settings, DatasetSplit split)
    {
        settings.Validate();
        ImageDataset dataset = settings.Dataset switch
        {
            DatasetKind.FashionMnist => IdxDataset.Open(settings.Path ?? FashionMnist.DefaultFolder, split, FashionMnist.ClassNames),
            DatasetKind.Mnist => IdxDataset.Open(
                settings.Path ?? throw new ConfigurationException("data.path is missing: name the folder with MNIST's four IDX files."), split),
            _ => Synthetic(settings, split),
        };
        int samples = settings.TrainingSamples;
        if (split == DatasetSplit.Test || samples == 0)
        {
            return dataset;
        }
        ConfigurationException.Require(
            samples <= dataset.Count,
            $"data.trainingSamples is {samples}, but the training set has {dataset.Count}; use a smaller number, or 0 for all");
        return samples == dataset.Count ? dataset : new FirstSamples(dataset, samples);
    }

    private static SyntheticDataset Synthetic(DataSettings settings, DatasetSplit split)
    {
        Shape sample = settings.Sample;
        ConfigurationException.Require(
            settings.Padding == 0 || sample.SpatialRank == 2,
            $"data.padding is {settings.Padding}, but random crops of volumes are not available; use 0");
        ConfigurationException.Require(settings.Classes <= 256, $"data.classes is {settings.Classes}; synthetic samples have at most 256 classes");
        int train = settings.TrainingSamples == 0 ? DataSettings.SyntheticSamples : settings.TrainingSamples;
        int count = split == DatasetSplit.Train ? train : SyntheticTestSamples;
        int width = sample[sample.Rank - 2];
        Int128 bytes = (Int128)count * sample.Count;
        ConfigurationException.Require(
            bytes <= Array.MaxLength,
            $"{count} synthetic samples {sample} take {bytes} bytes, more than the {Array.MaxLength} they may; set data.trainingSamples to fewer");
        return SyntheticDataset.Create(count, (int)(sample.Positions / width), width, sample.Channels, settings.Classes, SyntheticSeed, split);
    }

    /// <summary>The first samples of a dataset.</summary>
    private sealed class FirstSamples(ImageDataset dataset, int count) : ImageDataset
    {
        public override int Count => count;

        public override IReadOnlyList<string> Classes => dataset.Classes;

        public override int Height => dataset.Height;

        public override int Width => dataset.Width;

        public override int Channels => dataset.Channels;

        public override ReadOnlySpan<byte> Pixels(int index) => dataset.Pixels(Check(index));

        public override int Label(int index) => dataset.Label(Check(index));

        private int Check(int index)
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)count, nameof(index));
            return index;
        }
    }
}
