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

    /// <summary>The branch, where it is fused and the block takes whole batches.</summary>
    public ResidualBranch? Fused => Slab == 0 && Branch is ResidualBranch { IsFused: true } fused ? fused : null;

    /// <inheritdoc/>
    internal override Preactivation? FusedInput => Fused?.First;

    /// <inheritdoc/>
    public override bool CanCompress => true;

    /// <inheritdoc/>
    public override void Prepare(int batch, NetworkUse use) => Branch.Prepare(batch, use);

    /// <inheritdoc/>
    public override void ReleaseWeights() => Branch.ReleaseWeights();

    /// <inheritdoc/>
    public override Tensor Forward(Tensor x, ForwardMode mode, ref SavedTensors saved) =>
        Forward(x, mode, ref saved, default);

    /// <inheritdoc/>
    internal override Tensor Forward(Tensor x, ForwardMode mode, ref SavedTensors saved, Neighbour next)
    {
        bool absorbs = mode is ForwardMode.Absorb or ForwardMode.AbsorbFirst;
        if (absorbs && Fused is null)
        {
            throw new InvalidOperationException($"The backward pass of the block '{Name}' needs its input.");
        }
        if (Slab > 0 && mode != ForwardMode.Store)
        {
            Tensor sum = mode == ForwardMode.Consume ? x : Allocate(Output, x.Shape.Batch);
            AddSlabs(x, sum);
            return sum;
        }
        if (Branch is ResidualBranch { AddsToStream: true } adding)
        {
            return adding.Add(x, mode, ref saved, next);
        }
        Tensor z = absorbs
            ? Fused!.EvaluateAndKeep(x, ref saved, mode)
            : Branch.Evaluate(x, mode == ForwardMode.Store, ref saved, measure: true);
        Tensor y = absorbs || mode == ForwardMode.Consume ? x
            : z.Type == ElementType.Float32 ? z
            : Allocate(Output, x.Shape.Batch);
        if (next.Reader is not null && z.Type == ElementType.BFloat16)
        {
            next.Reader.ForwardOfSum(x, z, Branch.Multiplier, y, z);
            next.Saved.Preactivated = z;
            return y;
        }
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
        Tensor z = Slab > 0 ? EvaluateSlabs(x) : Branch.Evaluate(x, save: false, ref none, measure: true);
        Backend.QuantizeResidual(code.Bits, x, z, Branch.Multiplier, x, decoded, code.Values, code.Steps);
        Memory.Free(z);
    }

    /// <inheritdoc/>
    public override Tensor Backward(Tensor x, Tensor gradient, bool inputGradient, ref SavedTensors saved) =>
        Backward(x, gradient, inputGradient, ref saved, default);

    /// <inheritdoc/>
    internal override Tensor Backward(
        Tensor x, Tensor gradient, bool inputGradient, ref SavedTensors saved, Neighbour below)
    {
        if (saved.IsEmpty && Slab > 0)
        {
            return Branch.Backward(x, gradient, gradient, Slab);
        }
        if (saved.IsEmpty)
        {
            Branch.Recompute(x, ref saved);
        }
        return Branch.Backward(x, gradient, gradient, ref saved, below);
    }

    /// <summary>
    /// One step of the inversion by <paramref name="slabs"/>, one of the branch's: next = y − F(x),
    /// which may be x. Statistics as of <see cref="Backend.FixedPointStep"/>.
    /// </summary>
    internal void StepSlabs(SlabEvaluation slabs, Tensor y, Tensor x, Tensor next, Tensor statistics)
    {
        int adds = 0;
        for (int n = 0; n < x.Shape.Batch; n++)
        {
            (Planes ys, Planes xs, Planes results) = (Planes.Of(y, n), Planes.Of(x, n), Planes.Of(next, n));
            for (slabs.Begin(xs, Slab); slabs.Next(); adds = 1)
            {
                Backend.FixedPointStep(
                    adds, slabs.Of(ys), slabs.Z, Branch.Multiplier, slabs.Of(xs), slabs.Of(results), statistics);
            }
        }
    }

    /// <inheritdoc/>
    protected override int SlabOf(long elements)
    {
        int planes = Branch.Slabs is null ? 0 : Planes.Slab(elements / Planes.Elements(Input), Input);
        if (planes == 0)
        {
            return 0;
        }
        // Equal slabs run on behind the sample until F has all its planes. Of the thicknesses above
        // half of the limit, this is the largest with the fewest planes to compute.
        int all = Input.Extent(0) + Branch.Convolutions.Sum(convolution => convolution.Reach);
        return Enumerable.Range(planes / 2 + 1, planes - planes / 2)
            .OrderBy(slab => (all + slab - 1) / slab * slab).ThenByDescending(slab => slab).First();
    }

    /// <summary>Why blocks of this kind cannot follow a policy; null when they can.</summary>
    internal static string? Obstacle(MemoryPolicy policy) => policy != MemoryPolicy.Invert
        ? null
        : "model.block 'residual' has no inverse; use 'store', 'checkpoint' or 'compress', or another block";

    /// <inheritdoc/>
    internal override string Export(OnnxGraph graph, string x) => graph.Node("Add", Name, [x, Branch.Export(graph, x)]);

    // y = x + F(x); y may be x.
    private void AddSlabs(Tensor x, Tensor y)
    {
        SlabEvaluation slabs = Branch.Slabs!;
        for (int n = 0; n < x.Shape.Batch; n++)
        {
            (Planes xs, Planes ys) = (Planes.Of(x, n), Planes.Of(y, n));
            slabs.Begin(xs, Slab);
            while (slabs.Next())
            {
                Backend.ResidualAdd(slabs.Of(xs), slabs.Z, Branch.Multiplier, slabs.Of(ys));
            }
        }
    }

    // z of the whole batch, for codes, whose steps depend on all of its positions.
    private Tensor EvaluateSlabs(Tensor x)
    {
        SlabEvaluation slabs = Branch.Slabs!;
        Tensor z = Memory.Allocate(x.Shape, slabs.Type, MemoryPurpose.Activations);
        for (int n = 0; n < x.Shape.Batch; n++)
        {
            Planes zs = Planes.Of(z, n);
            slabs.Begin(Planes.Of(x, n), Slab);
            while (slabs.Next())
            {
                Backend.Cast(slabs.Z, slabs.Of(zs));
            }
        }
        return z;
    }
}
