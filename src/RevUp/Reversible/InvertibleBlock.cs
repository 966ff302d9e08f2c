using RevUp.Backends;
using RevUp.Layers;
using RevUp.Tensors;

namespace RevUp.Reversible;

/// <summary>
/// The invertible block y = x + F(x) with Lip(F) &lt; 1; x and y [N, (D), H, W, C], float32. Its inverse is the fixed point of x ← y − F(x) (i-ResNet, arXiv
/// 1811.00995, algorithm 1).
/// </summary>
/// <param name="name">Name of the block; parameters take it as prefix.</param>
/// <param name="index">Position among the network's blocks, for records.</param>
/// <param name="backend">The device.</param>
/// <param name="store">Where parameters are declared.</param>
/// <param name="input">Shape of one sample.</param>
/// <param name="width">Channels inside the branch.</param>
/// <param name="settings">What all branches share.</param>
public sealed class InvertibleBlock(string name, int index, Backend backend, ParameterStore store, Shape input, int width, BranchSettings settings)
    : ResidualBlock(name, index, backend, store, input, width, settings)
{
    /// <summary>Whether Lip(F) is controlled.</summary>
    public override bool IsInvertible { get; } = settings.Lipschitz.Mode != LipschitzMode.None;

    /// <summary>
    /// Whether the input can be computed anew from the layer before, which keeps its own, so that F needs no bound
    /// (<see cref="LipschitzSettings.FreeLeadingBlocks"/>).
    /// </summary>
    public bool IsRecomputed { get; init; }

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">Always: <see cref="FixedPointInversion.Solve"/> iterates.</exception>
    public override Tensor Inverse(Tensor y, ref SavedTensors saved, out Tensor point) =>
        throw new InvalidOperationException($"The block '{Name}' is inverted by iteration; call FixedPointInversion.Solve.");
}
