using RevUp.Data.Transforms;

namespace RevUp.Tests.Data;

/// <summary>
/// Images go to the device as bytes, which normalises, cuts and mixes them to the same bits as the
/// host does with floats.
/// </summary>
[TestClass]
public sealed class BytePixelsTests
{
    private static readonly SyntheticDataset Images = SyntheticDataset.Create(
        23, new Shape(1, 9, 7, 3), classes: 3, seed: 1);
    private static readonly SyntheticDataset Volumes = SyntheticDataset.Create(
        5, new Shape(1, 4, 6, 5, 2), classes: 2, seed: 1);

    private static readonly Augmentation[] Augmentations =
    [
        new(),
        new() { Padding = 2, Flip = true },
        new() { Padding = 2, Flip = true, Cutout = 4 },
        new() { Flip = true, Cutout = 5, Mixup = 0.7 },
        new() { Cutout = 3, CutMix = 1 },
        new() { Padding = 1, Cutout = 3, Mixup = 0.5, CutMix = 1 },
    ];

    [TestMethod]
    [EveryBackend]
    public void ADeviceGivesTheBitsThatFloatsOfTheHostHave(TestDevice device)
    {
        using Backend backend = device.Open();
        foreach (Augmentation augmentation in Augmentations)
        {
            AssertSame(backend, Images, augmentation);
        }
        AssertSame(backend, Volumes, new() { Flip = true, FlipEveryAxis = true, Mixup = 1 });
    }

    /// <summary>
    /// The last batch of an epoch may be one sample, which is mixed with itself.
    /// </summary>
    [TestMethod]
    [EveryBackend]
    public void ABatchOfOneIsMixedWithItself(TestDevice device)
    {
        using Backend backend = device.Open();
        AssertSame(backend, Images, new() { Mixup = 0.7 }, batchSize: 11);
    }

    [TestMethod]
    public void AMixedBatchTakesAQuarterOfTheFloats()
    {
        using Backend backend = TestDevice.All[0].Open();
        using BatchLoader loader = new(
            Images, ChannelNormalization.Compute(Images), new() { BatchSize = 8, Augmentation = new() { Mixup = 1 } });
        BatchPixels pixels = loader.Epoch(0).First().Pixels;
        DevicePixels samples = pixels.Allocate(backend.Memory, Images.Sample.WithBatch(8));
        Assert.AreEqual((ElementType.UInt8, 8 * Images.Sample.Count), (samples.Samples.Type, samples.Samples.Bytes));
        Assert.IsTrue(pixels.Fits(samples));
        samples.Free(backend.Memory);
        Assert.AreEqual(0, backend.Memory.Use.Total);
    }

    /// <summary>A step takes bytes and floats, in either order, staged or not.</summary>
    [TestMethod]
    [EveryBackend]
    public void AStepOnBytesEqualsAStepOnTheirFloats(TestDevice device)
    {
        TestModel model = TestModel.Get(TestModel.Squeeze);
        using TestNetwork bytes = new(device, model), floats = new(device, model);
        SyntheticDataset data = SyntheticDataset.Create(24, bytes.Net.Sample, bytes.Net.Classes, seed: 3);
        using BatchLoader loader = new(
            data, ChannelNormalization.Compute(data), new() { BatchSize = 8, Augmentation = new() { Mixup = 1 } });
        foreach (Batch batch in loader.Epoch(0))
        {
            float[] values = batch.Pixels.ToArray(bytes.Backend, data.Sample);
            floats.Step.Stage(values, batch.Targets);
            floats.Step.Start(learningRateFactor: 1);
            if (batch.Index == 1)
            {
                bytes.Step.Stage(values, batch.Targets);
            }
            else
            {
                bytes.Step.Stage(batch.Pixels, batch.Targets);
            }
            bytes.Step.Start(learningRateFactor: 1);
            Assert.AreEqual(floats.Step.Finish(), bytes.Step.Finish(), $"batch {batch.Index}");
        }
    }

    [TestMethod]
    public void ANormalizationOfBytesThatOverflowsIsRefused()
    {
        ChannelNormalization tiny = new([0, 0, 0.5], [1, 1, 1e-39]);
        string message =
            Assert.ThrowsExactly<ConfigurationException>(() => new BatchLoader(Images, tiny, new())).Message;
        Assert.Contains("data.deviation 1E-39 of channel 2 make the byte 0 a value that is not finite", message);
    }

    private static void AssertSame(
        Backend backend, MemoryDataset data, Augmentation augmentation, int batchSize = 8)
    {
        ChannelNormalization normalization = ChannelNormalization.Compute(data);
        BatchLoaderOptions options =
            new() { BatchSize = batchSize, Shuffle = true, Seed = 5, Workers = 2, Augmentation = augmentation };
        using Floats twin = new(data);
        using BatchLoader bytes = new(data, normalization, options), floats = new(twin, normalization, options);
        foreach ((Batch batch, Batch expected) in bytes.Epoch(1).Zip(floats.Epoch(1)))
        {
            CollectionAssert.AreEqual(
                expected.Pixels.ToArray(backend, data.Sample),
                batch.Pixels.ToArray(backend, data.Sample),
                $"{augmentation}, batch {batch.Index}");
            CollectionAssert.AreEqual(expected.Targets.ToArray(), batch.Targets.ToArray(), $"{augmentation}");
        }
    }

    // The same samples, normalised and cut on the host, where the loader mixes them.
    private sealed class Floats(MemoryDataset data) : ImageDataset
    {
        public override int Count => data.Count;

        public override IReadOnlyList<string> Classes => data.Classes;

        public override Shape Sample => data.Sample;

        public override int Label(int index) => data.Label(index);

        public override SampleReader OpenReader() => new Reader(data.OpenReader(), data.Sample);

        private sealed class Reader(SampleReader bytes, Shape sample) : SampleReader
        {
            private readonly byte[] _bytes = new byte[sample.Count];
            private readonly SampleChanges[] _changes = new SampleChanges[1];

            internal override void Write(int index, SampleKey key, SampleTransform transform, SampleRow row)
            {
                _changes[0] = default;
                bytes.Write(index, key, transform, new SampleRow(_bytes, default, _changes));
                BoxNumbers cutout = _changes[0].Cutout;
                int width = sample[sample.Rank - 2], channels = sample.Channels;
                for (int i = 0; i < _bytes.Length; i++)
                {
                    (int y, int x, int channel) = (i / channels / width, i / channels % width, i % channels);
                    bool cut = y >= cutout.Top && y < cutout.Bottom && x >= cutout.Left && x < cutout.Right;
                    double mean = transform.Normalization.Mean[channel];
                    double value = (_bytes[i] / 255.0 - mean) / transform.Normalization.Deviation[channel];
                    row.Values[i] = cut ? 0 : (float)value;
                }
            }

            internal override void Measure(int index, ChannelStatistics statistics) =>
                bytes.Measure(index, statistics);
        }
    }
}
