using RevUp.Layers;
using RevUp.Reversible;
using RevUp.Tensors;

namespace RevUp.Models;

/// <summary>Which memory policies the blocks of a network can follow.</summary>
internal static class PolicyRules
{
    /// <summary>
    /// Throws when a value is outside its range, or a policy was asked for that the network's
    /// blocks cannot follow.
    /// </summary>
    /// <exception cref="ConfigurationException">Names the value and the fix.</exception>
    public static void Validate(this MemoryPlan plan, ModelSettings model)
    {
        plan.ValidateUnplanned(model);
        if (plan.Policy != MemoryPolicy.Auto)
        {
            return;
        }
        (int given, int all) = (plan.Blocks.Count, model.BlockCount);
        ConfigurationException.Require(
            given == all,
            $"the policy is 'auto' with a plan for {given} blocks, and the network has {all}; leave reversible.plan "
            + $"out to have one made");
        foreach (MemoryPolicy policy in plan.Blocks.Distinct())
        {
            ConfigurationException.Require(
                policy != MemoryPolicy.Auto,
                $"reversible.plan has 'auto', which is no policy of a block; use one of the others");
            Require(Obstacle("reversible.plan", policy, model));
        }
    }

    /// <summary>
    /// Checks a plan in which the policies of the single blocks are yet to be chosen.
    /// </summary>
    /// <exception cref="ConfigurationException">Names the value and the fix.</exception>
    public static void ValidateUnplanned(this MemoryPlan plan, ModelSettings model)
    {
        ConfigurationException.Require(
            plan.AnchorEvery >= 0,
            $"reversible.anchorEvery is {plan.AnchorEvery}; use a positive number of blocks, or 0 for no anchors");
        ConfigurationException.Require(
            plan.CompressBits is 4 or 8, $"reversible.compressBits is {plan.CompressBits}; use 4 or 8");
        Require(Obstacle("reversible.policy", plan.Policy, model));
        ConfigurationException.Require(
            plan.Slab >= MemoryPlan.NoSlabs,
            $"reversible.slab is {plan.Slab}; use a number of planes, 'auto' or 'off'");
        ConfigurationException.Require(
            plan.Slab <= 0 || SlabObstacle(model) is null,
            $"reversible.slab is {plan.Slab}, but {SlabObstacle(model)}; use 'off', or another network");
    }

    /// <summary>
    /// Why the blocks of a network cannot take a sample slab by slab; null when they can.
    /// </summary>
    public static string? SlabObstacle(ModelSettings model) => model switch
    {
        { Normalization: Normalization.BatchNorm or Normalization.InstanceNorm } =>
            "batch and instance normalisation make every position depend on all others, so that a slab cannot be "
            + "computed alone; model.normalization is neither with 'fixup'",
        { Branch: BranchKind.Custom } => "model.branch is 'custom', and nobody knows how far such a branch looks",
        { Block: BlockKind.Coupling } => "model.block is 'coupling', which takes whole batches",
        _ => null,
    };

    /// <summary>Whether the blocks of a network can follow a policy.</summary>
    public static bool IsPossible(MemoryPolicy policy, ModelSettings model) => Obstacle("", policy, model) is null;

    private static void Require(string? obstacle) => ConfigurationException.Require(obstacle is null, $"{obstacle}");

    private static string? Obstacle(string setting, MemoryPolicy policy, ModelSettings model)
    {
        string? obstacle = model.Block switch
        {
            BlockKind.Coupling => CouplingBlock.Obstacle(policy),
            BlockKind.Residual => ResidualBlock.Obstacle(policy),
            _ => InvertibleBlock.Obstacle(policy, model.Lipschitz),
        };
        return obstacle is null ? null : $"{setting} is '{policy.ToString().ToLowerInvariant()}', but {obstacle}";
    }
}
