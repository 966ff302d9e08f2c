namespace RevUp.Tests.Reversible;

/// <summary>The inverse of a block and of the layers that have one.</summary>
[TestClass]
public sealed class InversionTests
{
    private const int Batch = 3;

    private static readonly Shape s_sample = new(1, 6, 5, 4);

    [TestMethod]
    [EveryBackend(1e-1)]
    [EveryBackend(1e-2)]
    [EveryBackend(1e-4)]
    [EveryBackend(InversionSettings.Exact)]
    public void TheErrorIsUnderTheToleranceAndTheRecordTellsTheTruth(TestDevice device, double tolerance)
    {
        using Backend backend = device.Open();
        using TestBlock block = new(backend, s_sample, 6, TestBlock.Settings());
        block.Prepare(Batch);
        float[] x = Vectors.Normal(1, s_sample.Count * Batch);
        InversionSettings settings = new() { Tolerance = tolerance, HardLimit = 0.5 };
        (float[] rebuilt, float[] point, float[] y, InversionRecord record) = Invert(block, x, settings);
        Assert.IsTrue(record.Converged, $"{record}");
        // The bound uses the measured contraction, which can be below the true one: allow for a
        // factor of 2, and for float32's last bits.
        Assert.IsLessThanOrEqualTo(2 * tolerance + 8 * Rounding.Float32, Vectors.RelativeDifference(x, rebuilt));
        // ‖p + F(p) − y‖ of the point that was differentiated is ‖x − p‖ with x the point handed
        // on: that is what the record says.
        double residual =
            Vectors.Norm([.. rebuilt.Zip(point, (a, b) => (double)a - b)]) / Vectors.Norm(rebuilt.Widen());
        Assert.AreEqual(residual, record.Residual, 1e-6 * residual + Rounding.Float32);
        float[] forward = Forward(block, point);
        double direct = Vectors.Norm([.. forward.Zip(y, (a, b) => (double)a - b)]) / Vectors.Norm(rebuilt.Widen());
        Assert.AreEqual(direct, record.Residual, 8 * Rounding.Float32);
        Assert.IsTrue(record.Evaluations == 1 || record.Contraction < 1, $"{record}");
    }

    [TestMethod]
    [EveryBackend]
    public void ATighterToleranceTakesMoreEvaluations(TestDevice device)
    {
        using Backend backend = device.Open();
        using TestBlock block = new(backend, s_sample, 6, TestBlock.Settings());
        block.Prepare(Batch);
        float[] x = Vectors.Normal(1, s_sample.Count * Batch);
        int[] evaluations = [.. new[] { 1e-1, 1e-3, InversionSettings.Exact }
            .Select(
                tolerance => Invert(
                    block, x, new InversionSettings { Tolerance = tolerance, HardLimit = 0.5 }).Record.Evaluations)];
        Assert.IsLessThan(evaluations[1], evaluations[0]);
        Assert.IsLessThan(evaluations[2], evaluations[1]);
    }

    [TestMethod]
    [EveryModel(TestModel.Squeeze, TestModel.StridedVolume)]
    public void AtInitialisationOneEvaluationPerBlockIsExact(TestDevice device, string model)
    {
        using TestNetwork network = new(device, TestModel.Get(model));
        network.Prepare();
        float[] stored = network.Gradients(MemoryPolicy.Store);
        CollectionAssert.AreEqual(stored, network.Gradients(MemoryPolicy.Invert));
        foreach (InversionRecord record in network.Engine.Records)
        {
            Assert.AreEqual(
                (1, 0.0, true, false), (record.Evaluations, record.Residual, record.Converged, record.Replayed));
        }
    }

    [TestMethod]
    [EveryBackend]
    public void StoredBlocksHaveNoRecord(TestDevice device)
    {
        using TestNetwork network = TestNetwork.Trained(device, TestModel.Chain, steps: 3);
        network.Gradients(MemoryPolicy.Invert);
        Assert.IsTrue(network.Engine.Records.ToArray().All(r => r.Evaluations > 0));
        network.Gradients(MemoryPolicy.Store);
        Assert.IsTrue(network.Engine.Records.ToArray().All(r => r == default));
    }

    [TestMethod]
    [EveryBackend]
    public void PermutationsAndPaddingInvertBitForBit(TestDevice device)
    {
        using Backend backend = device.Open();
        Shape sample = new(1, 4, 6, 2, 3);
        using Squeeze squeeze = new("squeeze", backend, sample);
        using ChannelPad pad = new("pad", backend, sample, 5);
        float[] x = Vectors.Normal(1, sample.Count * Batch);
        foreach (Layer layer in (Layer[])[squeeze, pad])
        {
            SavedTensors none = default;
            Tensor y = layer.Forward(backend.ToDevice(x, sample.WithBatch(Batch)), ForwardMode.Consume, ref none);
            Tensor rebuilt = layer.Inverse(y, ref none, out Tensor point);
            Assert.AreEqual(rebuilt, point);
            CollectionAssert.AreEqual(x, backend.Take(rebuilt), layer.Name);
        }
    }

    [TestMethod]
    [EveryBackend]
    public void SettingsOutsideTheirRangesAreRefusedByName(TestDevice device)
    {
        LipschitzSettings unbounded = new() { Mode = LipschitzMode.None };
        Refused(
            "reversible.tolerance is 0;",
            () => new InversionSettings { Tolerance = 0 }.Validate(BranchPrecision.Float32));
        Refused(
            "reversible.tolerance is 1;",
            () => new InversionSettings { Tolerance = 1 }.Validate(BranchPrecision.Float32));
        Refused(
            "reversible.maximumEvaluations is 0;",
            () => new InversionSettings { MaximumEvaluations = 0 }.Validate(BranchPrecision.Float32));
        Refused(
            "reversible.hardLimit is 0.001;",
            () => new InversionSettings { HardLimit = 0.001 }.Validate(BranchPrecision.Float32));
        Refused(
            "reversible.anchorEvery is -1;", () => new MemoryPlan { AnchorEvery = -1 }.Validate(new ModelSettings()));
        Refused(
            "use the mode 'perBranch' or the policy 'compress'",
            () => new MemoryPlan().Validate(new ModelSettings { Lipschitz = unbounded }));
        Refused(
            "model.block 'residual' has no inverse",
            () => new MemoryPlan().Validate(new ModelSettings { Block = BlockKind.Residual }));
        MemoryPlan compress = new() { Policy = MemoryPolicy.Compress };
        Refused(
            "reversible.compressBits is 6; use 4 or 8",
            () => (compress with { CompressBits = 6 }).Validate(new ModelSettings()));
        Refused(
            "model.block 'coupling' is inverted exactly",
            () => compress.Validate(new ModelSettings { Block = BlockKind.Coupling }));
        device.Open().Dispose(); // an absent device is no refusal
        TestModel chain = TestModel.Get(TestModel.Chain);
        TestModel free = chain with { Settings = chain.Settings with { Lipschitz = unbounded } };
        Refused("have no inverse", () => new TestNetwork(device, free).Dispose());

        static void Refused(string part, Action action) =>
            Assert.Refuses<ConfigurationException>(action, part);
    }

    private static float[] Forward(TestBlock block, float[] x)
    {
        SavedTensors none = default;
        return block.Backend.Take(
            block.Block.Forward(block.Backend.ToDevice(x, s_sample.WithBatch(Batch)), ForwardMode.Consume, ref none));
    }

    private static (float[] Rebuilt, float[] Point, float[] Y, InversionRecord Record) Invert(
        TestBlock block, float[] x, InversionSettings settings)
    {
        Backend backend = block.Backend;
        using FixedPointInversion inversion = new(backend, settings, blocks: 2);
        float[] y = Forward(block, x);
        SavedTensors saved = default;
        Tensor rebuilt = inversion.Solve(
            block.Block, backend.ToDevice(y, s_sample.WithBatch(Batch)), ref saved, out Tensor point);
        saved.Free(backend.Memory);
        float[] evaluated = backend.ToHost(point);
        if (point != rebuilt)
        {
            backend.Memory.Free(point);
        }
        return (backend.Take(rebuilt), evaluated, y, inversion.Records[block.Block.Index]);
    }
}
