namespace RevUp.Tests.Memory;

/// <summary>Peaks of the activation arena over passes through U-Nets, to the byte.</summary>
[TestClass]
public sealed class UNetPeakTests
{
    [TestMethod]
    [EveryBackend(false)]
    [EveryBackend(true)]
    public void UnderInvertThePeakIsTheSameAtEveryDepth(TestDevice device, bool volume)
    {
        long[] peaks =
            [.. new[] { 1, 4, 16 }.Select(blocks => Peak(device, Model(volume, blocks, 4), new MemoryPlan()))];
        CollectionAssert.AreEqual(peaks.Select(_ => peaks[0]).ToArray(), peaks);
        MemoryPlan store = new() { Policy = MemoryPolicy.Store };
        Assert.IsGreaterThan(2 * peaks[0], Peak(device, Model(volume, 4, 4), store));
    }

    /// <summary>
    /// Six tensors that an inversion works with at the finest level, and the kept tensors of the
    /// others. Where channels double these are Σ 1/4^l in 3-D and Σ 1/2^l in 2-D.
    /// </summary>
    [TestMethod]
    [EveryBackend(false, 6.75)]
    [EveryBackend(true, 6.32)]
    public void ALevelTakesOneTensor(TestDevice device, bool volume, double tensors)
    {
        TestModel model = Model(volume, blocks: 1, extent: 8);
        double finest = 2 * model.Sample.WithChannels(8).Count * sizeof(float);
        Assert.AreEqual(tensors, Peak(device, model, new MemoryPlan()) / finest, 0.01);
    }

    private static TestModel Model(bool volume, int blocks, int extent) => new(
        new ModelSettings
        {
            Task = ModelTask.Segmentation,
            Stages =
                [TestUNet.Stage(blocks, 8, blocks), TestUNet.Stage(blocks, 16, blocks), TestUNet.Stage(blocks, 32, 0)],
            Lipschitz = new LipschitzSettings { MaximumExtent = 4 },
        },
        volume ? new Shape(1, extent, extent, 8, 1) : new Shape(1, 2 * extent, 8, 1));

    // Beyond input and targets.
    private static long Peak(TestDevice device, TestModel model, MemoryPlan plan)
    {
        using TestUNet network = new(device, model, batch: 2);
        long before = network.Backend.Memory.Use[MemoryPurpose.Activations];
        long peak = network.Peak(plan);
        Assert.IsTrue(plan.Policy != MemoryPolicy.Invert
            || network.Engine.Records.ToArray().All(r => r.Evaluations > 1 && !r.Replayed));
        return peak - before;
    }
}
