namespace RevUp.Tests.Memory;

/// <summary>Peaks of the activation arena over whole training steps, to the byte.</summary>
[TestClass]
public sealed class ActivationPeakTests
{
    private static readonly int[] s_depths = [2, 3, 7, 16];

    [TestMethod]
    [EveryModel(
        TestModel.Squeeze, TestModel.Strided, TestModel.Bottleneck, TestModel.Volume, TestModel.StridedVolume,
        TestModel.RevNet, TestModel.RevNetVolume, TestModel.FixupRevNet, TestModel.MaxMin, TestModel.Affine,
        TestModel.AffineVolume, TestModel.Mixing, TestModel.MixingVolume, TestModel.IResNet,
        TestModel.PooledVolume)]
    public void UnderInvertThePeakIsTheSameAtEveryDepth(TestDevice device, string name)
    {
        TestModel model = TestModel.Get(name);
        long[] peaks = [.. s_depths.Select(
            depth => Peak(device, model with { Settings = model.Settings.WithBlocks(depth) }, MemoryPolicy.Invert))];
        CollectionAssert.AreEqual(peaks.Select(_ => peaks[0]).ToArray(), peaks);
    }

    [TestMethod]
    [EveryBackend(BranchKind.Basic, BranchPrecision.Float32)]
    [EveryBackend(BranchKind.Bottleneck, BranchPrecision.Float32)]
    [EveryBackend(BranchKind.Basic, BranchPrecision.BFloat16, Type = ElementType.BFloat16)]
    public void UnderStoreAndCheckpointThePeakGrowsByWhatIsKept(
        TestDevice device, BranchKind kind, BranchPrecision precision)
    {
        TestModel chain = TestModel.Get(TestModel.Chain);
        TestModel model = chain with { Settings = chain.Settings with { Branch = kind, Precision = precision } };
        StageSettings stage = chain.Settings.Stages[0];
        long input = TestNetwork.BatchBytes(chain.Sample.WithChannels(stage.Channels));
        int kept = kind == BranchKind.Basic ? 1 : 2;
        long intermediates = kept * TestNetwork.BatchBytes(chain.Sample.WithChannels(stage.Width)) * precision.Element()
            .Size() / sizeof(float);
        // A fused block keeps its input as its first convolution takes it, in the branch's type.
        using Backend backend = device.Open();
        bool isFused = precision == BranchPrecision.BFloat16 && backend.KeepsPreactivations;
        long first = isFused ? input / 2 : input;
        AssertLinear(device, model, new MemoryPlan { Policy = MemoryPolicy.Checkpoint }, first);
        AssertLinear(device, model, new MemoryPlan { Policy = MemoryPolicy.Store }, first + intermediates);
    }

    /// <summary>
    /// Codes, and two bytes for each sample and channel: at most 1/7 and 1/3.7 of the input, from
    /// 8·8 positions on.
    /// </summary>
    [TestMethod]
    [EveryBackend(4, 7.0)]
    [EveryBackend(8, 3.7)]
    public void UnderCompressThePeakGrowsByTheCodes(TestDevice device, int bits, double factor)
    {
        TestModel chain = TestModel.Get(TestModel.Chain);
        Shape input = chain.Sample.WithChannels(chain.Settings.Stages[0].Channels);
        long code = TestNetwork.BatchBytes(input, bits) + TestNetwork.BatchBytes(new Shape(1, input.Channels), 16);
        Assert.IsLessThanOrEqualTo(TestNetwork.BatchBytes(input) / factor, code);
        AssertLinear(device, chain, new MemoryPlan { Policy = MemoryPolicy.Compress, CompressBits = bits }, code);
    }

    [TestMethod]
    [EveryBackend]
    public void InvertNeedsLessThanCheckpointAndCheckpointLessThanStore(TestDevice device)
    {
        TestModel chain = TestModel.Get(TestModel.Chain);
        TestModel deep = chain with { Settings = chain.Settings.WithBlocks(12) };
        long invert = Peak(device, deep, MemoryPolicy.Invert), checkpoint = Peak(device, deep, MemoryPolicy.Checkpoint);
        long store = Peak(device, deep, MemoryPolicy.Store);
        Assert.IsLessThan(checkpoint, invert);
        Assert.IsLessThan(store, checkpoint);
    }

    private static void AssertLinear(TestDevice device, TestModel model, MemoryPlan plan, long bytesPerBlock)
    {
        long[] peaks = [.. s_depths.Select(
            depth => Peak(device, model with { Settings = model.Settings.WithBlocks(depth) }, plan))];
        CollectionAssert.AreEqual(
            s_depths.Select(depth => peaks[0] + (depth - s_depths[0]) * bytesPerBlock).ToArray(), peaks, $"{plan}");
    }

    private static long Peak(TestDevice device, TestModel model, MemoryPolicy policy) =>
        Peak(device, model, new MemoryPlan { Policy = policy });

    // The zero convolutions are drawn first: where F is zero there is nothing to invert, and a
    // single evaluation takes one tensor less.
    private static long Peak(TestDevice device, TestModel model, MemoryPlan plan)
    {
        using TestNetwork network = new(device, model, plan.Policy);
        network.Engine.Plan = plan;
        network.DrawZeroConvolutions();
        network.Train(1);
        network.Backend.Memory.ResetPeaks();
        network.Train(1);
        Assert.IsTrue(
            plan.Policy != MemoryPolicy.Invert
                || network.Engine.Records.ToArray().All(r => r.Evaluations > 1 && !r.Replayed));
        return network.Backend.Memory.Peak[MemoryPurpose.Activations];
    }
}
