namespace RevUp.Tests.Inference;

/// <summary>Answers as means over a sample and its mirror image (test-time augmentation).</summary>
[TestClass]
public sealed class TestTimeFlipTests
{
    private const int Steps = 12; // after which no branch and no logit is zero any more

    [TestMethod]
    [EveryModel(TestModel.Mirrored, TestModel.MirroredVolume)]
    public void OutputsAreTheMeanOfThoseForASampleAndItsMirrorImage(TestDevice device, string name)
    {
        TestModel model = TestModel.Get(name);
        using TestNetwork flipped = new(device, model);
        using TestNetwork plain = new(device, model with { Settings = model.Settings with { TestTimeFlip = false } });
        CollectionAssert.AreEqual(plain.Train(Steps), flipped.Train(Steps), "training is the same");

        float[] pixels = Vectors.Normal(3, 2 * (int)model.Sample.Count);
        AssertMean(Outputs(plain, pixels), Outputs(plain, Mirror(pixels, model.Sample)), Outputs(flipped, pixels));

        byte[] bytes = [.. pixels.Select(x => (byte)Math.Clamp(128 + 64 * x, 0, 255))];
        int channels = model.Sample.Channels;
        ChannelNormalization normalization = new(
            [.. Enumerable.Repeat(0.5, channels)], [.. Enumerable.Repeat(0.25, channels)]);
        AssertMean(Of(plain, bytes), Of(plain, Mirror(bytes, model.Sample)), Of(flipped, bytes));

        float[] Of(TestNetwork network, byte[] samples) =>
            ToHost(network, network.Net.Infer(new BatchPixels(samples, default, normalization)));
    }

    [TestMethod]
    public void MasksHaveNoMeanOfTwoAnswers()
    {
        ModelSettings unet = new() { Task = ModelTask.Segmentation, TestTimeFlip = true, Stages = [new(), new()] };
        Assert.Refuses<ConfigurationException>(unet.Validate, "model.testTimeFlip is true");
    }

    private static void AssertMean(float[] own, float[] mirrored, float[] actual)
    {
        Assert.IsGreaterThan(1e-3, own.Zip(mirrored, (a, b) => Math.Abs(a - b)).Max(), "the mirror changes nothing");
        Assert.HasCount(own.Length, actual);
        for (int i = 0; i < actual.Length; i++)
        {
            Assert.AreEqual(0.5 * own[i] + 0.5 * mirrored[i], actual[i], 1e-6 * Math.Max(1, Math.Abs(own[i])));
        }
    }

    // Position by position.
    private static T[] Mirror<T>(T[] samples, Shape sample)
    {
        int width = sample[sample.Rank - 2], channels = sample.Channels;
        T[] mirrored = new T[samples.Length];
        for (int i = 0; i < samples.Length; i++)
        {
            int column = i / channels % width;
            mirrored[i + (width - 1 - 2 * column) * channels] = samples[i];
        }
        return mirrored;
    }

    private static float[] Outputs(TestNetwork network, float[] pixels) => ToHost(network, network.Net.Infer(pixels));

    private static float[] ToHost(TestNetwork network, Tensor outputs)
    {
        float[] values = network.Backend.ToHost(outputs);
        network.Backend.Memory.Free(outputs);
        return values;
    }
}
