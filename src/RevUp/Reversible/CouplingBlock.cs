using RevUp.Backends;
using RevUp.Layers;
using RevUp.Tensors;

namespace RevUp.Reversible;

/// <summary>
/// The additive coupling y₁ = x₁ + F(x₂), y₂ = x₂ + G(y₁) of the halves of the channels (RevNet,
/// arXiv 1707.04585, section 3.1). Its inverse x₂ = y₂ − G(y₁), x₁ = y₁ − F(x₂) takes one
/// evaluation of each branch. x and y hold [N, (D), H, W, C/2] twice, one half after the other
/// (<see cref="ChannelHalves"/>), float32.
/// </summary>
/// <remarks>
/// Any F and G will do: no bound on them, and batch normalisation too. The inverse is exact but for
/// the rounding of two additions. Its evaluations keep what the backward pass differentiates, so
/// that inverting costs what checkpointing does.
/// </remarks>
internal sealed class CouplingBlock : Block
{
    /// <param name="name">
    /// Name of the block; the branches' parameters have the prefixes "<paramref name="name"/>.f"
    /// and "<paramref name="name"/>.g".
    /// </param>
    /// <param name="index">Position among the network's blocks.</param>
    /// <param name="backend">The device.</param>
    /// <param name="store">Where parameters are declared.</param>
    /// <param name="input">Shape of one sample, both halves.</param>
    /// <param name="width">Channels inside the branches.</param>
    /// <param name="settings">Settings of all branches.</param>
    public CouplingBlock(
        string name, int index, Backend backend, ParameterStore store, Shape input, int width, BranchSettings settings)
        : base(name, index, backend, input)
    {
        Shape half = input.WithChannels(input.Channels / 2);
        bool leads = settings.HasLeadingActivation(index);
        F = Own(new ResidualBranch(name + ".f", backend, store, half, width, settings, leads));
        G = Own(new ResidualBranch(name + ".g", backend, store, half, width, settings, leadingActivation: true));
    }

    /// <summary>F.</summary>
    public ResidualBranch F { get; }

    /// <summary>G.</summary>
    public ResidualBranch G { get; }

    /// <inheritdoc/>
    public override bool IsInvertible => true;

    /// <inheritdoc/>
    public override void Prepare(int batch, NetworkUse use)
    {
        F.Prepare(batch, use);
        G.Prepare(batch, use);
    }

    /// <inheritdoc/>
    public override void ReleaseWeights()
    {
        F.ReleaseWeights();
        G.ReleaseWeights();
    }

    /// <inheritdoc/>
    public override Tensor Forward(Tensor x, ForwardMode mode, ref SavedTensors saved)
    {
        Tensor y = mode == ForwardMode.Consume ? x : Allocate(Output, x.Shape.Batch);
        ((Tensor x1, Tensor x2), (Tensor y1, Tensor y2)) = (ChannelHalves.Of(x), ChannelHalves.Of(y));
        bool save = mode == ForwardMode.Store;
        SavedTensors f = default, g = default;
        Add(F, x2, x1, y1, save, measure: true, ref f);
        Add(G, y1, x2, y2, save, measure: true, ref g);
        if (save)
        {
            Save(f, y1, g, ref saved);
        }
        return y;
    }

    /// <inheritdoc/>
    public override Tensor Backward(Tensor x, Tensor gradient, bool inputGradient, ref SavedTensors saved)
    {
        ((Tensor x1, Tensor x2), (Tensor d1, Tensor d2)) = (ChannelHalves.Of(x), ChannelHalves.Of(gradient));
        SavedTensors f = default, g = default;
        Tensor y1;
        if (saved.IsEmpty)
        {
            y1 = Memory.Allocate(x1.Shape, ElementType.Float32, MemoryPurpose.Activations);
            Add(F, x2, x1, y1, save: true, measure: false, ref f);
            G.Recompute(y1, ref g);
        }
        else
        {
            y1 = Take(ref saved, ref f, ref g);
        }
        // The halves of the gradient turn into x's gradient in their own memory.
        G.Backward(y1, d2, d1, ref g);
        Memory.Free(y1);
        F.Backward(x2, d1, d2, ref f);
        return gradient;
    }

    /// <inheritdoc/>
    public override Tensor Inverse(Tensor y, ref SavedTensors saved, out Tensor point)
    {
        (Tensor first, Tensor second) = ChannelHalves.Of(y);
        SavedTensors f = default, g = default;
        Subtract(second, G, G.Evaluate(first, save: true, ref g));
        Tensor z = F.Evaluate(second, save: true, ref f);
        Save(f, first, g, ref saved);
        Subtract(first, F, z);
        return point = y;
    }

    /// <summary>Why blocks of this kind cannot follow a policy; null when they can.</summary>
    internal static string? Obstacle(MemoryPolicy policy) => policy != MemoryPolicy.Compress
        ? null
        : "model.block 'coupling' is inverted exactly and keeps nothing; use the policy 'invert'";

    /// <inheritdoc/>
    internal override string Export(OnnxGraph graph, string x)
    {
        (string x1, string x2) = graph.Split(Name, x);
        string y1 = graph.Node("Add", Name + ".f", [x1, F.Export(graph, x2)]);
        string y2 = graph.Node("Add", Name + ".g", [x2, G.Export(graph, y1)]);
        return graph.Node("Concat", Name, [y1, y2], ("axis", 1L));
    }

    /// <summary>y = stream + branch(input); y may be the stream.</summary>
    private void Add(
        ResidualBranch branch, Tensor input, Tensor stream, Tensor y, bool save, bool measure, ref SavedTensors saved)
    {
        Tensor z = branch.Evaluate(input, save, ref saved, measure);
        Backend.ResidualAdd(stream, z, branch.Multiplier, y);
        Memory.Free(z);
    }

    // stream −= multiplier·z
    private void Subtract(Tensor stream, ResidualBranch branch, Tensor z)
    {
        Backend.ResidualSubtract(stream, z, branch.Multiplier, stream);
        Memory.Free(z);
    }

    // Slots: the tensors that F keeps, a copy of y₁, and the tensors that G keeps. y₁ is copied
    // because its memory goes on to other layers or becomes x₁.
    private void Save(SavedTensors f, Tensor y1, SavedTensors g, ref SavedTensors saved)
    {
        int kept = F.Convolutions.Count - 1;
        Tensor copy = Memory.Allocate(y1.Shape, ElementType.Float32, MemoryPurpose.Activations);
        Backend.Cast(y1, copy);
        saved[kept] = copy;
        for (int i = 0; i < kept; i++)
        {
            (saved[i], saved[kept + 1 + i]) = (f[i], g[i]);
        }
    }

    private Tensor Take(ref SavedTensors saved, ref SavedTensors f, ref SavedTensors g)
    {
        int kept = F.Convolutions.Count - 1;
        for (int i = 0; i < kept; i++)
        {
            (f[i], g[i]) = (saved[i], saved[kept + 1 + i]);
        }
        Tensor y1 = saved[kept];
        saved = default;
        return y1;
    }
}
