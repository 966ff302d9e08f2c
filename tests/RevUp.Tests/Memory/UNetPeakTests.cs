using RevUp.Models;
using RevUp.Reversible;
using RevUp.Tensors;
using RevUp.Tests.Support;

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
        long[] peaks = [.. new[] { 1, 4, 16 }.Select(blocks => Peak(device, volume, blocks, MemoryPolicy.Invert))];
        CollectionAssert.AreEqual(peaks.Select(_ => peaks[0]).ToArray(), peaks);
        Assert.IsGreaterThan(2 * peaks[0], Peak(device, volume, 4, MemoryPolicy.Store));
    }

    /// <summary>
    /// One tensor a level beside the six that an inversion works with at the finest: Σ 1/4^l of
    /// them in 3-D and Σ 1/2^l in 2-D where the channels double, those of the input and the logits.
    /// </summary>
    [TestMethod]
    [EveryBackend(false, 7.1)]
    [EveryBackend(true, 6.5)]
    public void ALevelTakesOneTensor(TestDevice device, bool volume, double most)
    {
        TestModel model = Model(volume, 1);
        double finest = TestNetwork.BatchBytes(model.Sample.WithChannels(8)) / 3.0;
        Assert.IsLessThanOrEqualTo(most, Peak(device, volume, 1, MemoryPolicy.Invert) / finest);
    }

    private static TestModel Model(bool volume, int blocks) => new(
        new ModelSettings
        {
            Task = ModelTask.Segmentation,
            Stages = [TestUNet.Stage(blocks, 8, blocks), TestUNet.Stage(blocks, 16, blocks), TestUNet.Stage(blocks, 32, 0)],
            Lipschitz = new LipschitzSettings { MaximumExtent = 4 },
        },
        volume ? new Shape(1, 8, 8, 16, 1) : new Shape(1, 32, 32, 1));

    private static long Peak(TestDevice device, bool volume, int blocks, MemoryPolicy policy)
    {
        using TestUNet network = new(device, Model(volume, blocks), inversion: new InversionSettings(), batch: 2);
        long fixedBytes = network.Backend.Memory.Use[MemoryPurpose.Activations];
        long peak = network.Peak(new MemoryPlan { Policy = policy });
        Assert.IsTrue(policy != MemoryPolicy.Invert
            || network.Engine.Records.ToArray().All(r => r.Evaluations > 1 && !r.Replayed));
        return peak - fixedBytes;
    }
}
