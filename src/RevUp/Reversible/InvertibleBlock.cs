using RevUp.Backends;
using RevUp.Layers;
using RevUp.Tensors;

namespace RevUp.Reversible;

/// <summary>
/// The invertible block y = x + F(x) with Lip(F) &lt; 1; x and y [N, (D), H, W, C], float32. Its
/// inverse is the fixed point of x ← y − F(x) (i-ResNet, arXiv 1811.00995, algorithm 1).
/// </summary>
/// <param name="name">Name of the block; parameters take it as prefix.</param>
/// <param name="index">Position among the network's blocks, for records.</param>
/// <param name="backend">The device.</param>
/// <param name="store">Where parameters are declared.</param>
/// <param name="input">Shape of one sample.</param>
/// <param name="width">Channels inside the branch.</param>
/// <param name="settings">Settings of all branches.</param>
internal sealed class InvertibleBlock(
    string name, int index, Backend backend, ParameterStore store, Shape input, int width, BranchSettings settings)
    : ResidualBlock(name, index, backend, store, input, width, settings)
{
    /// <summary>Whether Lip(F) is controlled.</summary>
    public override bool IsInvertible { get; } = settings.Lipschitz.Mode != LipschitzMode.None;

    /// <inheritdoc/>
    public override bool IsIterated => true;

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">
    /// Always: <see cref="FixedPointInversion.Solve"/> iterates.
    /// </exception>
    public override Tensor Inverse(Tensor y, ref SavedTensors saved, out Tensor point) =>
        throw new InvalidOperationException(
            $"The block '{Name}' is inverted by iteration; call FixedPointInversion.Solve.");

    /// <inheritdoc/>
    internal override Tensor Invert(
        FixedPointInversion solver, Tensor y, ref SavedTensors saved, out Tensor point, Neighbour below = default) =>
        solver.Solve(this, y, ref saved, out point, below);

    /// <summary>Why blocks of this kind cannot follow a policy; null when they can.</summary>
    internal static string? Obstacle(MemoryPolicy policy, LipschitzSettings settings) => (policy, settings.Mode) switch
    {
        (MemoryPolicy.Invert, LipschitzMode.None) =>
            "blocks with model.lipschitz.mode 'none' have no inverse; "
            + "use the mode 'perBranch' or the policy 'compress'",
        (not MemoryPolicy.Invert, LipschitzMode.Adaptive) =>
            "model.lipschitz.mode is 'adaptive', which needs the measurements of inversions; "
            + "use the policy 'invert', or the mode 'none' or 'perBranch'",
        (MemoryPolicy.Auto, _) when settings.FreeLeadingBlocks =>
            "the policy 'auto' cannot plan leading blocks without a bound, "
            + "and model.lipschitz.freeLeadingBlocks is true; use false",
        _ => null,
    };
}
