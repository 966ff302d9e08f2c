using RevUp.Backends;
using RevUp.Reversible;
using RevUp.Tensors;

namespace RevUp.Layers;

/// <summary>
/// The invertible block y = x + F(x) with Lip(F) &lt; 1; x and y [N, (D), H, W, C], float32. Its inverse is the fixed point of x ← y − F(x) (i-ResNet, arXiv
/// 1811.00995, algorithm 1).
/// </summary>
public sealed class InvertibleBlock : Layer
{
    /// <param name="name">Name of the block; parameters take it as prefix.</param>
    /// <param name="index">Position among the network's blocks, for records.</param>
    /// <param name="backend">The device.</param>
    /// <param name="store">Where parameters are declared.</param>
    /// <param name="input">Shape of one sample.</param>
    /// <param name="width">Channels inside the branch.</param>
    /// <param name="settings">What all branches share.</param>
    public InvertibleBlock(string name, int index, Backend backend, ParameterStore store, Shape input, int width, BranchSettings settings)
        : base(name, backend, input)
    {
        Index = index;
        IsInvertible = settings.Lipschitz.Mode != Lipschitz.LipschitzMode.None;
        Branch = new ResidualBranch(name, backend, store, input, width, settings, leadingActivation: index > 0);
    }

    /// <summary>Position among the network's blocks.</summary>
    public int Index { get; }

    /// <summary>F.</summary>
    public ResidualBranch Branch { get; }

    /// <inheritdoc/>
    public override Shape Output => Input;

    /// <summary>Whether Lip(F) is controlled.</summary>
    public override bool IsInvertible { get; }

    /// <inheritdoc/>
    public override void Prepare(int batch) => Branch.Prepare(batch);

    /// <inheritdoc/>
    public override Tensor Forward(Tensor x, ForwardMode mode, ref SavedTensors saved)
    {
        Tensor z = Branch.Evaluate(x, mode == ForwardMode.Store, ref saved);
        if (mode == ForwardMode.Consume)
        {
            Backend.ResidualAdd(x, z, Branch.Multiplier, x);
            Memory.Free(z);
            return x;
        }
        Tensor y = z.Type == ElementType.Float32 ? z : Allocate(Output, x.Shape.Batch);
        Backend.ResidualAdd(x, z, Branch.Multiplier, y);
        if (y != z)
        {
            Memory.Free(z);
        }
        return y;
    }

    /// <inheritdoc/>
    public override Tensor Backward(Tensor x, Tensor gradient, bool inputGradient, ref SavedTensors saved)
    {
        if (saved.IsEmpty)
        {
            Branch.Recompute(x, ref saved);
        }
        return Branch.Backward(x, gradient, ref saved);
    }

    /// <inheritdoc/>
    public override Tensor Inverse(Tensor y, FixedPointInversion inversion, ref SavedTensors saved, out Tensor point) =>
        inversion.Solve(this, y, ref saved, out point);

    /// <inheritdoc/>
    public override void Dispose()
    {
        Branch.Dispose();
        base.Dispose();
    }
}
