namespace RevUp.Tests.Planning;

[TestClass]
public sealed class MemoryProbeTests
{
    private static readonly int[] Depths = [2, 6, 10];

    [TestMethod]
    public void InvertHasTheSamePeakAtEveryDepthToTheByte()
    {
        MemoryRow[] rows = Measure(MemoryPolicy.Invert);
        Assert.AreEqual(
            1,
            rows.Select(row => row.ActivationPeakBytes).Distinct().Count(),
            string.Join(", ", rows.Select(row => row.ActivationPeakBytes)));
        foreach (MemoryRow row in rows)
        {
            Assert.IsGreaterThan(1, row.MeanEvaluations, "blocks at their bound were inverted by a single evaluation");
            Assert.IsGreaterThanOrEqualTo(row.MeanEvaluations, row.MaxEvaluations);
            Assert.IsTrue(row.MaxInversionResidual is > 0 and <= 5e-2, $"residual {row.MaxInversionResidual}");
        }
    }

    [TestMethod]
    [DataRow(MemoryPolicy.Store)]
    [DataRow(MemoryPolicy.Checkpoint)]
    public void WhatKeepsInputsGrowsByTheSameBytesForTheSameBlocks(MemoryPolicy policy)
    {
        MemoryRow[] rows = Measure(policy);
        long[] peaks = [.. rows.Select(row => row.ActivationPeakBytes)];
        // Four blocks, two on each stage: the inputs alone are 2 · 8·8·4 and 2 · 4·4·16 floats for
        // each of the 8 samples.
        Assert.IsGreaterThanOrEqualTo(8L * 2 * (8 * 8 * 4 + 4 * 4 * 16) * sizeof(float), peaks[1] - peaks[0]);
        Assert.AreEqual(peaks[1] - peaks[0], peaks[2] - peaks[1]);
        Assert.IsTrue(
            rows.All(row => (row.MeanEvaluations, row.MaxEvaluations, row.MaxInversionResidual) == (0, 0, 0)));
    }

    [TestMethod]
    public void ParametersGradientsAndOptimizerGrowWithTheBlocksAlikeUnderEveryPolicy()
    {
        MemoryRow[] invert = Measure(MemoryPolicy.Invert), store = Measure(MemoryPolicy.Store);
        for (int i = 0; i < Depths.Length; i++)
        {
            Assert.AreEqual((Depths[i], MemoryPolicy.Invert), (invert[i].Blocks, invert[i].Policy));
            Assert.AreEqual(invert[i].ParameterBytes, invert[i].GradientBytes);
            Assert.AreEqual(Persistent(store[i]), Persistent(invert[i]));
            Assert.IsGreaterThan(0, invert[i].StepMilliseconds);
            Assert.IsGreaterThan(0, invert[i].WorkspaceBytes);
        }
        Assert.IsGreaterThan(invert[0].ParameterBytes, invert[1].ParameterBytes);
        Assert.IsGreaterThan(invert[0].OptimizerBytes, invert[1].OptimizerBytes);
    }

    [TestMethod]
    public void AdaptiveControlIsMeasuredAsItStartsUnderEveryPolicy()
    {
        Recipe adaptive = SmallRecipe.Create("model.lipschitz.mode=adaptive");
        Recipe constant = SmallRecipe.Create("model.lipschitz.mode=perBranch");
        CollectionAssert.AreEqual(MemoryPlan.Uniform.ToArray(), MemoryProbe.PossiblePolicies(adaptive.Model).ToArray());
        foreach (MemoryPolicy policy in MemoryPlan.Uniform)
        {
            Assert.AreEqual(Untimed(constant, policy), Untimed(adaptive, policy));
        }
    }

    /// <summary>
    /// Parts of adaptive control that the probe leaves out: the coefficients, their bounds and
    /// their copies for the host, each aligned.
    /// </summary>
    [TestMethod]
    public void AStepUnderAdaptiveControlTakesWhatWasMeasuredAndItsCoefficients()
    {
        Recipe recipe = SmallRecipe.Create("model.lipschitz.mode=adaptive");
        MemoryRow measured = MemoryProbe.Measure(recipe, blocks: 0, MemoryPolicy.Invert, () => TestRuns.Backend());
        using CpuBackend backend = TestRuns.Backend();
        using RevUpNet net = new(
            backend, recipe.Model, recipe.Data.Sample, recipe.Data.ClassCount, recipe.Training.Seed);
        MemoryProbe.DrawZeroConvolutions(net, recipe.Training.Seed);
        using TrainingStep step = new(net, recipe.Training, recipe.Reversible.Plan, recipe.Reversible.Inversion);
        (float[] pixels, float[] targets) = MemoryProbe.RandomBatch(net, recipe.Training);
        step.Stage(pixels, targets);
        step.Start(learningRateFactor: 0);
        step.Finish();
        MemoryUse peak = backend.Memory.Peak;
        Assert.AreEqual(
            (measured.ActivationPeakBytes, measured.ParameterBytes, measured.GradientBytes),
            (peak[MemoryPurpose.Activations], peak[MemoryPurpose.Parameters], peak[MemoryPurpose.Gradients]));
        long coefficients = backend.Memory.TotalPeak - measured.TotalPeakBytes;
        Assert.IsTrue(coefficients is > 0 and <= 3 * Arena.Alignment, $"{coefficients} bytes");
    }

    [TestMethod]
    public void WithoutADepthTheRecipesOwnIsMeasured() =>
        Assert.AreEqual(
            3,
            MemoryProbe.Measure(SmallRecipe.Create(), blocks: 0, MemoryPolicy.Store, () => TestRuns.Backend()).Blocks);

    [TestMethod]
    public void WhatCannotBeMeasuredIsExplained()
    {
        Recipe recipe = SmallRecipe.Create();
        Assert.AreEqual(
            "the number of blocks is 1, which does not reach for 2 stages; use at least 2.",
            Refusal(recipe, blocks: 1));
        Recipe free = SmallRecipe.Create("model.lipschitz.mode=none", "reversible.policy=store");
        Assert.StartsWith(
            "reversible.policy is 'invert', but blocks with model.lipschitz.mode 'none' have no inverse",
            Refusal(free, blocks: 0));
        Recipe vast = SmallRecipe.Create("data.extents=[65536,65536]", "data.padding=0");
        Assert.StartsWith(
            "training.batchSize is 8, and 8 samples [1, 65536, 65536, 1] are 34359738368 numbers",
            Refusal(vast, blocks: 0));
    }

    private static string Refusal(Recipe recipe, int blocks) =>
        Assert.ThrowsExactly<ConfigurationException>(
            () => MemoryProbe.Measure(recipe, blocks, MemoryPolicy.Invert, () => TestRuns.Backend())).Message;

    private static MemoryRow[] Measure(MemoryPolicy policy) =>
        [.. Depths.Select(
            blocks => MemoryProbe.Measure(SmallRecipe.Create(), blocks, policy, () => TestRuns.Backend()))];

    private static MemoryRow Untimed(Recipe recipe, MemoryPolicy policy) =>
        MemoryProbe.Measure(recipe, blocks: 0, policy, () => TestRuns.Backend()) with
        {
            StepMilliseconds = 0,
            ProcessPeakBytes = 0,
        };

    private static (long, long, long) Persistent(MemoryRow row) =>
        (row.ParameterBytes, row.GradientBytes, row.OptimizerBytes);
}
