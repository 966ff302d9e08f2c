using RevUp.Backends;
using RevUp.Layers;
using RevUp.Tensors;

namespace RevUp.Reversible;

/// <summary>
/// A program's <see cref="Branch"/> under RevUp's control. The factors of its bound are the
/// convolutions and the branch's own constant. A copy of z is saved in place 0: the multiplier's
/// gradient is ⟨dF, z⟩.
/// </summary>
internal sealed class OwnBranch : DeviceObject, IBranch
{
    private readonly BranchSite _site;
    private readonly Branch _branch;
    private readonly BranchControl _control;
    private readonly int _saved;
    private readonly double _constant;

    private OwnBranch(BranchSite site, Branch branch)
        : base(site.Backend)
    {
        (_site, _branch) = (site, Own(branch));
        (_saved, _constant) = (branch.Saved, branch.Lipschitz);
        if (_saved is < 0 or > Branch.MaximumSaved)
        {
            throw Broken($"Saved is {_saved}; use 0 to {Branch.MaximumSaved}");
        }
        if (!double.IsFinite(_constant) || _constant <= 0)
        {
            throw Broken(
                $"Lipschitz is {_constant}; return a positive constant of everything but the declared convolutions");
        }
        foreach (Convolution convolution in site.Convolutions)
        {
            Own(convolution);
        }
        bool isControlled = site.Settings.Lipschitz.Mode != LipschitzMode.None;
        SpectralNorm[] norms = isControlled ? [.. site.Convolutions.Select(Norm)] : [];
        int factors = Convolutions.Count + 1;
        _control = Own(new BranchControl(
            site.Name, Backend, site.Store, site.Settings, site.Index, factors, norms, sigma: _constant));

        SpectralNorm Norm(Convolution convolution) => new(
            convolution.Name, site.Store, convolution, site.Settings.Lipschitz.MaximumExtent,
            site.Settings.FixedNormExtents);
    }

    /// <inheritdoc/>
    public Tensor Multiplier => _control.Multiplier;

    /// <inheritdoc/>
    public IReadOnlyList<Convolution> Convolutions => _site.Convolutions;

    /// <inheritdoc/>
    public double LipschitzLimit => _control.LipschitzLimit;

    /// <inheritdoc/>
    public IEnumerable<(SpectralNorm Norm, Tensor Sigma)> Norms => _control.Norms;

    /// <summary>The branch that the program's factory makes for a site.</summary>
    /// <exception cref="InvalidOperationException">
    /// The factory or the branch breaks its contract.
    /// </exception>
    public static IBranch Create(BranchSite site)
    {
        Branch branch = site.Settings.Factory!(site)
            ?? throw new InvalidOperationException($"The factory of branches returned null for '{site.Name}'.");
        site.Close();
        return new OwnBranch(site, branch);
    }

    /// <inheritdoc/>
    public void Prepare(int batch, NetworkUse use)
    {
        _control.Prepare(use);
        foreach (Convolution convolution in Convolutions)
        {
            convolution.Prepare(batch, use, scale: default);
        }
    }

    /// <inheritdoc/>
    public void ReleaseWeights()
    {
        foreach (Convolution convolution in Convolutions)
        {
            convolution.ReleaseWeights();
        }
    }

    /// <inheritdoc/>
    public Tensor Evaluate(Tensor x, bool save, ref SavedTensors saved, bool measure = false)
    {
        Tensor z = Run(x, save, ref saved);
        if (save)
        {
            // Solvers write the next point into z.
            saved[0] = Memory.Allocate(z.Shape, ElementType.Float32, MemoryPurpose.Activations);
            Backend.Cast(z, saved[0]);
        }
        return z;
    }

    /// <inheritdoc/>
    public Tensor Approximate(Tensor x)
    {
        SavedTensors none = default;
        return Run(x, save: false, ref none);
    }

    /// <inheritdoc/>
    public void Recompute(Tensor x, ref SavedTensors saved) => saved[0] = Run(x, save: true, ref saved);

    /// <inheritdoc/>
    public Tensor Backward(
        Tensor x, Tensor gradient, Tensor residual, ref SavedTensors saved, Neighbour below = default)
    {
        Backend.Dot(gradient, saved[0], _control.Dot(Convolutions.Count));
        saved.Free(Memory, 0);
        Tensor dz = Memory.Allocate(x.Shape, ElementType.Float32, MemoryPurpose.Activations);
        Backend.Fill(dz, 0);
        Backend.Axpy(Multiplier, gradient, dz);
        Tensor dx = Differentiate(x, dz, ref saved);
        Backend.Axpy(default, dx, residual);
        Memory.Free(dx);
        Memory.Free(dz);
        saved.Free(Memory);
        _control.Backward();
        return residual;
    }

    /// <summary>None: nobody knows how far the branch looks.</summary>
    public SlabEvaluation? Slabs => null;

    /// <summary>None, as <see cref="Slabs"/>.</summary>
    public SlabEvaluation? ApproximateSlabs => null;

    /// <summary>Not possible.</summary>
    public Tensor Backward(Tensor x, Tensor gradient, Tensor residual, int slab) =>
        throw new NotSupportedException($"The branch '{_site.Name}' has no slabs.");

    /// <inheritdoc/>
    public void ReadSigmas(Span<float> sigmas)
    {
        Span<float> all = stackalloc float[Convolutions.Count + 1];
        _control.ReadSigmas(all);
        all[..sigmas.Length].CopyTo(sigmas);
    }

    /// <inheritdoc/>
    public double LipschitzBound(ReadOnlySpan<float> sigmas) =>
        _control.LipschitzBound([.. sigmas, (float)_constant]);

    /// <inheritdoc/>
    public double LipschitzBound() => _control.LipschitzBound();

    /// <inheritdoc/>
    public string Export(OnnxGraph graph, string x) => throw new ConfigurationException(
        $"The branch '{_site.Name}' is a {_branch.GetType().Name}, which ONNX has no form of; export networks with "
        + "RevUp's own branches.");

    /// <summary>Adds gradients of the parameters, and returns dx.</summary>
    internal Tensor Differentiate(Tensor x, Tensor dz, ref SavedTensors saved)
    {
        long before = Memory.Use[MemoryPurpose.Activations];
        Tensor dx = _branch.Backward(x, Slots(ref saved)[1..(1 + _saved)], dz);
        RequireNew("Backward", dx, x, dz);
        RequireOwnership("Backward", before, Arena.Rounded(dx.Bytes));
        return dx;
    }

    private static Span<Tensor> Slots(ref SavedTensors saved) => saved.AsSpan();

    private Tensor Run(Tensor x, bool save, ref SavedTensors saved)
    {
        long before = Memory.Use[MemoryPurpose.Activations];
        Span<Tensor> slots = save ? Slots(ref saved)[1..(1 + _saved)] : [];
        Tensor z = _branch.Forward(x, slots);
        RequireNew("Forward", z, x, x);
        long bytes = Arena.Rounded(z.Bytes);
        for (int i = 0; i < slots.Length; i++)
        {
            if (slots[i].IsEmpty || slots[i] == x || slots[i] == z)
            {
                throw Broken($"Forward left saved[{i}] without a new tensor");
            }
            bytes += Arena.Rounded(slots[i].Bytes);
        }
        RequireOwnership("Forward", before, bytes);
        return z;
    }

    private void RequireNew(string method, Tensor result, Tensor x, Tensor other)
    {
        if (result.IsEmpty || !result.Shape.Equals(x.Shape) || result.Type != ElementType.Float32)
        {
            throw Broken($"{method} returned {result}, and a block adds it to x, {x}; return that shape and type");
        }
        if (result.Address == x.Address || result.Address == other.Address)
        {
            throw Broken($"{method} returned its argument; return a new tensor");
        }
    }

    // Packed weights are workspace, which the convolutions free.
    private void RequireOwnership(string method, long before, long expected)
    {
        long made = Memory.Use[MemoryPurpose.Activations] - before;
        if (made != expected)
        {
            throw Broken(
                $"{method} left {made} bytes of activations instead of {expected}; free temporaries, and neither x nor "
                + "what is saved");
        }
    }

    private InvalidOperationException Broken(string message) =>
        new($"The branch '{_site.Name}' ({_branch.GetType().Name}): {message}.");
}
