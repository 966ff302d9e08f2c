namespace RevUp.Tests.Parity;

/// <summary>
/// Branches in bfloat16: the residual stream stays float32, so blocks invert, to the resolution of
/// their branch.
/// </summary>
[TestClass]
public sealed class BFloat16ParityTests
{
    // The tolerance of the inversion is the unit roundoff of bfloat16: F(x) is known no better.
    private static readonly InversionSettings s_settings = new() { Tolerance = 1.0 / (1 << 8) };

    [TestMethod]
    [EveryBackend(TestModel.Squeeze, Type = ElementType.BFloat16)]
    [EveryBackend(TestModel.Bottleneck, Type = ElementType.BFloat16)]
    [EveryBackend(TestModel.Volume, Type = ElementType.BFloat16)]
    [EveryBackend(TestModel.Strided, Type = ElementType.BFloat16)]
    [EveryBackend(TestModel.StridedVolume, Type = ElementType.BFloat16)]
    [EveryBackend(TestModel.ImageNet, Type = ElementType.BFloat16)]
    public void InvertingCostsARoundoffOfTheBranchPerBlock(TestDevice device, string model)
    {
        TestModel settings = TestModel.Get(model);
        using TestNetwork narrow = new(
            device, settings with { Settings = settings.Settings with { Precision = BranchPrecision.BFloat16 } });
        using TestNetwork wide = TestNetwork.Trained(device, model);
        narrow.CopyFrom(wide);
        wide.Prepare();
        narrow.Prepare();
        float[] exact = wide.Gradients(MemoryPolicy.Store);
        float[] stored = narrow.Gradients(MemoryPolicy.Store);
        CollectionAssert.AreEqual(stored, narrow.Gradients(MemoryPolicy.Checkpoint));
        float[] inverted = narrow.Gradients(new MemoryPlan(), s_settings);
        Assert.AreEqual(0, narrow.Engine.Replays);
        // The error of each block's input is bounded with the measured contraction, which can be
        // below the true one: twice the tolerance, block after block. A stored branch pays the same
        // roundoff in its forward and in its backward pass, and so does a transition.
        int transitions = narrow.Net.Layers.Count(layer => layer is StridedTransition);
        double allowed = 2 * (narrow.Net.Blocks.Count + transitions) * s_settings.Tolerance;
        Assert.IsLessThanOrEqualTo(allowed, Vectors.RelativeDifference(stored, inverted));
        Assert.IsLessThanOrEqualTo(allowed, Vectors.RelativeDifference(exact, stored));
    }
    /// <summary>
    /// Input, output and both gradients of every convolution are rounded to bfloat16, half a unit
    /// each; inputs that are rebuilt add no more.
    /// </summary>
    [TestMethod]
    [EveryBackend(TestModel.ResNet, MemoryPolicy.Checkpoint, Type = ElementType.BFloat16)]
    [EveryBackend(TestModel.RevNet, MemoryPolicy.Invert, Type = ElementType.BFloat16)]
    [EveryBackend(TestModel.RevNetVolume, MemoryPolicy.Invert, Type = ElementType.BFloat16)]
    [EveryBackend(TestModel.FixupRevNet, MemoryPolicy.Invert, Type = ElementType.BFloat16)]
    [EveryBackend(TestModel.IResNet, MemoryPolicy.Invert, Type = ElementType.BFloat16)]
    public void BaselinesPayTheRoundingOfTheirConvolutions(TestDevice device, string model, MemoryPolicy leanest)
    {
        TestModel settings = TestModel.Get(model);
        using TestNetwork narrow = new(
            device,
            settings with { Settings = settings.Settings with { Precision = BranchPrecision.BFloat16 } },
            leanest);
        using TestNetwork wide = new(device, settings, MemoryPolicy.Store);
        wide.Train(12);
        narrow.CopyFrom(wide);
        wide.Prepare();
        narrow.Prepare();
        float[] exact = wide.Gradients(MemoryPolicy.Store), stored = narrow.Gradients(MemoryPolicy.Store);
        CollectionAssert.AreEqual(stored, narrow.Gradients(MemoryPolicy.Checkpoint));
        float[] lean = narrow.Gradients(new MemoryPlan { Policy = leanest }, s_settings);
        int convolutions = narrow.Net.Settings.Branch == BranchKind.Basic ? 2 : 3;
        // On a GPU a transition rounds the stream itself: input, weights, output and both
        // gradients, a whole unit each.
        int transitions = narrow.Net.Layers.Count(layer => layer is StridedTransition);
        double roundings = (4 * 0.5 * narrow.Net.Settings.BranchCount * convolutions) + (5 * transitions);
        double allowed = roundings * s_settings.Tolerance;
        Assert.IsLessThanOrEqualTo(allowed, Vectors.RelativeDifference(stored, lean));
        Assert.IsLessThanOrEqualTo(allowed, Vectors.RelativeDifference(exact, stored));
    }
}
