namespace RevUp.Tests.Reversible;

/// <summary>
/// Inversions whose first evaluation is in bfloat16, by both solvers: the adaptive one on the CPU,
/// the planned one on CUDA.
/// </summary>
[TestClass]
public sealed class MixedEvaluationTests
{
    private static readonly InversionSettings s_mixed =
        TestNetwork.Exact with { Evaluations = EvaluationPrecision.Mixed };

    /// <summary>
    /// It is the evaluation of the branch that has the same weights and is stored and computed in
    /// bfloat16, bit for bit.
    /// </summary>
    [TestMethod]
    [EveryBackend(BranchKind.Basic, LipschitzMode.PerBranch, Type = ElementType.BFloat16)]
    [EveryBackend(BranchKind.Bottleneck, LipschitzMode.PerLayer, Type = ElementType.BFloat16)]
    [EveryBackend(BranchKind.IResNet, LipschitzMode.PerLayer, Type = ElementType.BFloat16)]
    public void AnApproximationIsWhatABranchInBFloat16Computes(TestDevice device, BranchKind kind, LipschitzMode mode)
    {
        Shape sample = new(1, 6, 5, 4);
        using Backend backend = device.Open();
        using TestBlock wide = new(backend, sample, 6, TestBlock.Settings(mode, kind));
        using TestBlock narrow = new(backend, sample, 6, TestBlock.Settings(mode, kind, type: ElementType.BFloat16));
        wide.Prepare(batch: 3);
        narrow.Prepare(batch: 3);
        Tensor x = backend.ToDevice(Vectors.Normal(1, 3 * sample.Count), sample.WithBatch(3));
        (int live, long bytes) = (backend.Memory.LiveCount, backend.Memory.Use.Total);
        Tensor z = wide.Branch.Approximate(x);
        Assert.AreEqual(ElementType.BFloat16, z.Type);
        float[] approximate = backend.Take(z);
        Assert.AreEqual((live, bytes), (backend.Memory.LiveCount, backend.Memory.Use.Total));
        CollectionAssert.AreEqual(narrow.Evaluate(x), approximate);
        CollectionAssert.AreNotEqual(wide.Evaluate(x), approximate);
    }

    /// <summary>
    /// The tolerance is far below bfloat16's resolution. The gradient is as close to the gradient
    /// of kept inputs as with float32 alone.
    /// </summary>
    [TestMethod]
    [EveryBackend(TestModel.Squeeze, Type = ElementType.BFloat16, AndConvolutions = true)]
    [EveryBackend(TestModel.Bottleneck, Type = ElementType.BFloat16)]
    [EveryBackend(TestModel.Volume, Type = ElementType.BFloat16, AndConvolutions = true)]
    [EveryBackend(TestModel.IResNet, Type = ElementType.BFloat16)]
    public void WhatTheFirstEvaluationLosesTheOthersWinBack(TestDevice device, string model)
    {
        using TestNetwork mixed = new(device, TestModel.Get(model), inversion: s_mixed);
        using TestNetwork stored = new(device, TestModel.Get(model), MemoryPolicy.Store);
        mixed.Train(8);
        stored.CopyFrom(mixed);
        // F grows in these first steps, and a plan follows its need one step behind.
        EvaluationPlan plan = mixed.Engine.Inverter.Plan;
        for (int block = 0; block < plan.Evaluations.Length; block++)
        {
            plan.Need(block, plan.Evaluations[block] + 2);
        }
        plan.EndStep();
        mixed.Train(1);
        stored.Train(1);
        Assert.IsTrue(
            mixed.Engine.Records.ToArray().All(r => r is { Converged: true, Replayed: false, Evaluations: > 1 }));
        double difference = Vectors.RelativeDifference(
            stored.Backend.ToHost(stored.Net.Parameters.Gradients),
            mixed.Backend.ToHost(mixed.Net.Parameters.Gradients));
        Assert.IsLessThanOrEqualTo(1e-4, difference); // as PolicyParityTests have it
    }

    [TestMethod]
    [EveryBackend(Type = ElementType.BFloat16)]
    public void OnlyABlockThatIsKnownToNeedMoreThanOneBeginsInBFloat16(TestDevice device)
    {
        using TestNetwork mixed = new(device, TestModel.Get(TestModel.Squeeze), inversion: s_mixed);
        using TestNetwork full = new(device, TestModel.Get(TestModel.Squeeze));
        TestNetwork[] both = [mixed, full];

        // F is zero, and one evaluation is enough: the one that is differentiated.
        CollectionAssert.AreEqual(full.Train(3, _ => 0), mixed.Train(3, _ => 0));
        Assert.IsTrue(mixed.Engine.Records.ToArray().All(r => r.Evaluations == 1));
        CollectionAssert.AreEqual(full.TrainingState(), mixed.TrainingState());

        // Nothing is known of these weights, then k is.
        foreach (TestNetwork network in both)
        {
            network.DrawZeroConvolutions();
            network.Engine.Inverter.Plan.Forget();
            network.Train(1);
        }
        CollectionAssert.AreEqual(full.TrainingState(), mixed.TrainingState());
        Assert.IsTrue(mixed.Engine.Records.ToArray().All(r => r.Evaluations > 1));
        foreach (TestNetwork network in both)
        {
            network.Train(1);
        }
        CollectionAssert.AreNotEqual(full.TrainingState(), mixed.TrainingState());
    }

    /// <summary>
    /// One evaluation in bfloat16 would meet the tolerance, and is not what is differentiated.
    /// </summary>
    [TestMethod]
    [EveryBackend(Type = ElementType.BFloat16)]
    public void ItIsNeverTheLast(TestDevice device)
    {
        InversionSettings loose = s_mixed with { Tolerance = 0.9, HardLimit = 0.9 };
        using TestNetwork mixed = new(device, TestModel.Get(TestModel.Squeeze), inversion: loose);
        mixed.Train(8);
        int[] two = [.. mixed.Net.Blocks.Select(_ => 2)];
        mixed.Engine.Inverter.Plan.Restore(new EvaluationPlanState(two, two, Steps: 0));
        mixed.Train(1);
        Assert.IsTrue(mixed.Engine.Records.ToArray().All(r => r is { Evaluations: 2, Converged: true }));
    }

    /// <summary>
    /// Mixed takes the bytes of float32 evaluations plus one convolution's weights, at any depth.
    /// </summary>
    [TestMethod]
    [EveryBackend(Type = ElementType.BFloat16)]
    public void ItsMemoryDoesNotDependOnDepth(TestDevice device)
    {
        Assert.AreEqual(0, Peak(8, MemoryPurpose.Activations, s_mixed) - Peak(2, MemoryPurpose.Activations, s_mixed));
        Assert.AreEqual(
            0, Peak(8, MemoryPurpose.Activations, s_mixed) - Peak(8, MemoryPurpose.Activations, TestNetwork.Exact));
        Assert.AreEqual(Extra(2), Extra(8));

        long Extra(int blocks) =>
            Peak(blocks, MemoryPurpose.Workspace, s_mixed) - Peak(blocks, MemoryPurpose.Workspace, TestNetwork.Exact);

        long Peak(int blocks, MemoryPurpose purpose, InversionSettings inversion)
        {
            TestModel chain = TestModel.Get(TestModel.Chain);
            using TestNetwork network = new(
                device, chain with { Settings = chain.Settings.WithBlocks(blocks) }, inversion: inversion);
            network.DrawZeroConvolutions();
            network.Train(2);
            network.Backend.Memory.ResetPeaks();
            network.Train(2);
            return network.Backend.Memory.Peak[purpose];
        }
    }

    [TestMethod]
    public void ForBranchesInBFloat16ThereIsNothingToMix()
    {
        string refusal = SmallRecipe.Refusal("model.precision=bfloat16", "reversible.evaluations=mixed");
        Assert.Contains(
            "reversible.evaluations is 'mixed', which is for model.precision 'float32'; with 'bfloat16' use 'full'",
            refusal);
    }
}
