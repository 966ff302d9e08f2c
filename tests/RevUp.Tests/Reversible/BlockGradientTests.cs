namespace RevUp.Tests.Reversible;

/// <summary>
/// A whole invertible block against its float64 twin: forward and all gradients, with the Lipschitz
/// control off, on and biting, on and slack. The gradients include σ, with u and v held constant,
/// and the multiplier.
/// </summary>
[TestClass]
public sealed class BlockGradientTests
{
    private const int Batch = 2;
    private const double Biting = 1;
    private const double Slack = 0.25;

    [TestMethod]
    [EveryBackend(LipschitzMode.None, BranchKind.Basic, Activation.Relu, 1, Biting, 1.3f)]
    [EveryBackend(LipschitzMode.None, BranchKind.Bottleneck, Activation.Elu, 2, Biting, -0.7f)]
    [EveryBackend(LipschitzMode.PerBranch, BranchKind.Basic, Activation.Relu, 1, Biting, 1.3f)]
    [EveryBackend(LipschitzMode.PerBranch, BranchKind.Basic, Activation.Elu, 2, Biting, -0.7f)]
    [EveryBackend(LipschitzMode.PerBranch, BranchKind.Basic, Activation.Relu, 1, Slack, 1.3f)]
    [EveryBackend(
        LipschitzMode.PerBranch, BranchKind.Bottleneck, Activation.Relu, 2, Biting, 1.3f, AndConvolutions = true)]
    [EveryBackend(LipschitzMode.PerBranch, BranchKind.Bottleneck, Activation.Elu, 1, Slack, -0.7f)]
    [EveryBackend(LipschitzMode.Adaptive, BranchKind.Basic, Activation.Relu, 1, Biting, 1.3f)]
    [EveryBackend(LipschitzMode.Adaptive, BranchKind.Bottleneck, Activation.Elu, 2, Biting, -0.7f)]
    [EveryBackend(LipschitzMode.Adaptive, BranchKind.Basic, Activation.Relu, 1, Slack, 1.3f)]
    [EveryBackend(LipschitzMode.PerLayer, BranchKind.Basic, Activation.Elu, 1, Biting, 0.7f)]
    [EveryBackend(LipschitzMode.PerLayer, BranchKind.Basic, Activation.Relu, 2, Biting, -1.3f)]
    [EveryBackend(LipschitzMode.PerLayer, BranchKind.Basic, Activation.Relu, 1, Slack, 0.7f)]
    [EveryBackend(LipschitzMode.PerLayer, BranchKind.Bottleneck, Activation.Relu, 2, Biting, 1.3f)]
    [EveryBackend(LipschitzMode.PerLayer, BranchKind.Bottleneck, Activation.Elu, 1, Slack, 0.7f)]
    [EveryBackend(LipschitzMode.PerBranch, BranchKind.Basic, Activation.MaxMin, 1, Biting, 1.3f)]
    [EveryBackend(LipschitzMode.PerLayer, BranchKind.Bottleneck, Activation.MaxMin, 2, Biting, 1.3f)]
    public void GradientsOfABlockInTwoDimensions(
        TestDevice device, LipschitzMode mode, BranchKind kind, Activation activation, int groups, double gain,
        float multiplier) =>
        Check(
            device, new Shape(1, 4, 3, 4), TestBlock.Settings(mode, kind, activation, groups), gain, multiplier,
            first: false);

    [TestMethod]
    [EveryBackend(LipschitzMode.None, BranchKind.Basic, Activation.Elu, 1, Biting)]
    [EveryBackend(LipschitzMode.PerBranch, BranchKind.Basic, Activation.Relu, 2, Biting, AndConvolutions = true)]
    [EveryBackend(LipschitzMode.PerBranch, BranchKind.Bottleneck, Activation.Elu, 1, Biting)]
    [EveryBackend(LipschitzMode.PerLayer, BranchKind.Bottleneck, Activation.Relu, 2, Biting)]
    [EveryBackend(LipschitzMode.PerLayer, BranchKind.Basic, Activation.Elu, 1, Slack)]
    [EveryBackend(LipschitzMode.PerBranch, BranchKind.Basic, Activation.MaxMin, 1, Biting)]
    public void GradientsOfABlockInThreeDimensions(
        TestDevice device, LipschitzMode mode, BranchKind kind, Activation activation, int groups, double gain) =>
        Check(
            device, new Shape(1, 3, 2, 3, 2), TestBlock.Settings(mode, kind, activation, groups), gain, 0.9f,
            first: false);

    [TestMethod]
    [EveryBackend(BranchKind.Basic)]
    [EveryBackend(BranchKind.Bottleneck)]
    public void GradientsOfTheFirstBlockWithoutItsLeadingActivation(TestDevice device, BranchKind kind) =>
        Check(
            device, new Shape(1, 4, 3, 4), TestBlock.Settings(LipschitzMode.PerBranch, kind), Biting, 0.9f,
            first: true);

    private static void Check(
        TestDevice device, Shape input, BranchSettings settings, double gain, float multiplier, bool first)
    {
        const int Width = 4;
        using Backend backend = device.Open();
        using TestBlock block = new(backend, input, Width, settings, gain, multiplier, first);
        block.Prepare(Batch);
        BlockTwin twin = new(block, settings, Batch, first);
        Dictionary<string, double[]> parameters = block.Store.Parameters.ToDictionary(
            p => p.Name, p => backend.ToHost(p.Value).Widen());
        Assert.AreEqual(
            settings.Lipschitz.Mode != LipschitzMode.None && gain == Biting,
            twin.IsActive(parameters),
            "the case does not test what it says");
        // Forward and backward of m convolutions and m + 1 pointwise operations, and σ.
        int operations = 2 * (2 * block.Branch.Convolutions.Count + 1) + 2;
        long terms = Math.Max(input.Positions * Batch, Width * (input.SpatialRank == 2 ? 9 : 27));
        GradientCheck.Run(backend, block.Store, block.Block, Batch, twin.Forward, Rounding.Chain(operations, terms));
    }
}
