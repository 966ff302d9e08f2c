using RevUp.Backends;
using RevUp.Layers;
using RevUp.Tensors;

namespace RevUp.Reversible;

/// <summary>
/// The residual block y = x + F(x) (arXiv 1603.05027); x and y [N, (D), H, W, C], float32. Its
/// input is kept, or coded.
/// </summary>
internal class ResidualBlock : Block
{
    /// <param name="name">Name of the block; parameters take it as prefix.</param>
    /// <param name="index">Position among the network's blocks.</param>
    /// <param name="backend">The device.</param>
    /// <param name="store">Where parameters are declared.</param>
    /// <param name="input">Shape of one sample.</param>
    /// <param name="width">Channels inside the branch.</param>
    /// <param name="settings">Settings of all branches.</param>
    public ResidualBlock(
        string name, int index, Backend backend, ParameterStore store, Shape input, int width, BranchSettings settings)
        : base(name, index, backend, input)
    {
        ArgumentNullException.ThrowIfNull(settings);
        bool leads = settings.HasLeadingActivation(index);
        Branch = Own(settings.Kind == BranchKind.Custom
            ? OwnBranch.Create(new BranchSite(name, index, backend, store, input, width, settings))
            : (IBranch)new ResidualBranch(name, backend, store, input, width, settings, leads, index));
    }

    /// <summary>F.</summary>
    public IBranch Branch { get; }

    /// <inheritdoc/>
    public override bool CanCompress => true;

    /// <inheritdoc/>
    public override void Prepare(int batch, NetworkUse use) => Branch.Prepare(batch, use);

    /// <inheritdoc/>
    public override void ReleaseWeights() => Branch.ReleaseWeights();

    /// <inheritdoc/>
    public override Tensor Forward(Tensor x, ForwardMode mode, ref SavedTensors saved)
    {
        Tensor z = Branch.Evaluate(x, mode == ForwardMode.Store, ref saved, measure: true);
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
    public override void Compress(Tensor x, Tensor decoded, in Code code)
    {
        SavedTensors none = default;
        Tensor z = Branch.Evaluate(x, save: false, ref none, measure: true);
        Backend.QuantizeResidual(code.Bits, x, z, Branch.Multiplier, x, decoded, code.Values, code.Steps);
        Memory.Free(z);
    }

    /// <inheritdoc/>
    public override Tensor Backward(Tensor x, Tensor gradient, bool inputGradient, ref SavedTensors saved)
    {
        if (saved.IsEmpty)
        {
            Branch.Recompute(x, ref saved);
        }
        return Branch.Backward(x, gradient, gradient, ref saved);
    }

    /// <summary>Why blocks of this kind cannot follow a policy; null when they can.</summary>
    internal static string? Obstacle(MemoryPolicy policy) => policy != MemoryPolicy.Invert
        ? null
        : "model.block 'residual' has no inverse; use 'store', 'checkpoint' or 'compress', or another block";

    /// <inheritdoc/>
    internal override string Export(OnnxGraph graph, string x) => graph.Node("Add", Name, [x, Branch.Export(graph, x)]);
}
