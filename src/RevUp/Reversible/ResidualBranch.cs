using RevUp.Backends;
using RevUp.Layers;
using RevUp.Tensors;

namespace RevUp.Reversible;

/// <summary>
/// The residual branch of a pre-activation block with m convolutions: z₋₁ = x, pⱼ of zⱼ₋₁ by a
/// <see cref="Preactivation"/>, zⱼ = Wⱼ ∗ pⱼ, F(x) = ŝ·zₘ₋₁. ŝ is s under Lipschitz control; Fixup
/// trains s, otherwise it is 1.
/// </summary>
/// <remarks>
/// Shapes: x and zₘ₋₁ [N, (D), H, W, C], the others [N, (D), H, W, m]. x is float32, z in the
/// branch's type. The backward pass needs x and z₀ … zₘ₋₂; the pⱼ are recomputed pointwise, and the
/// multiplier's gradient is ⟨dWₘ₋₁, Wₘ₋₁⟩, so that zₘ₋₁ is never kept. A fused branch keeps
/// p₁ … pₘ₋₁ instead, in the same memory, and recomputes p₀ alone; with p₀ it needs no x.
/// </remarks>
internal sealed partial class ResidualBranch : DeviceObject, IBranch
{
    private readonly BranchSettings _settings;
    private readonly Convolution[] _convolutions;
    private readonly Preactivation[] _preactivations;
    private readonly BranchControl _control;
    private readonly SlabGradient? _slabGradient;

    /// <param name="name">Prefix of the parameters' names.</param>
    /// <param name="backend">The device.</param>
    /// <param name="store">Where parameters and state are declared.</param>
    /// <param name="input">Shape of one sample of x.</param>
    /// <param name="width">Channels inside the branch.</param>
    /// <param name="settings">Settings of all branches.</param>
    /// <param name="leadingActivation">
    /// False in the first block of a network, where φ would only destroy input.
    /// </param>
    /// <param name="index">
    /// Place of the branch's own coefficient among <see cref="BranchSettings.Coefficients"/>, where
    /// there are any.
    /// </param>
    public ResidualBranch(
        string name, Backend backend, ParameterStore store, Shape input, int width, BranchSettings settings,
        bool leadingActivation, int index = 0)
        : base(backend)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(settings);
        _settings = settings;
        (int Kernel, int Channels, int Groups)[] convolutions = settings.Convolutions(input.Channels, width);
        int m = convolutions.Length;
        _convolutions = new Convolution[m];
        SpectralNorm[] norms = new SpectralNorm[settings.Lipschitz.Mode == LipschitzMode.None ? 0 : m];
        _preactivations = new Preactivation[m];
        Shape shape = input;
        for (int j = 0; j < m; j++)
        {
            Activation activation = j > 0 || leadingActivation ? settings.Activation : Activation.Identity;
            _preactivations[j] = Own(Preactivation.Create(
                settings.Normalization, name, j + 1, backend, store, shape.Channels, activation));
            (int kernel, int channels, int groups) = convolutions[j];
            ConvolutionGeometry geometry = new(
                shape, channels, kernel, Stride: 1, Padding: kernel / 2, groups, settings.Type, settings.Tf32);
            string convolution = $"{name}.conv{j + 1}";
            Initialization initialization = settings.Initialization(geometry.Weights, j, m);
            _convolutions[j] = Own(new Convolution(convolution, backend, store, geometry, initialization));
            if (norms.Length > 0)
            {
                norms[j] = new SpectralNorm(
                    convolution, store, _convolutions[j], settings.Lipschitz.MaximumExtent,
                    settings.FixedNormExtents);
            }
            shape = geometry.Output;
        }
        IsFused = settings.Type == ElementType.BFloat16 && backend.KeepsPreactivations
            && _preactivations.All(p => p.IsFusible);
        _control = Own(new BranchControl(name, backend, store, settings, index, m, norms, convolutions: _convolutions));
        ElementType type = settings.Type;
        IEnumerable<Shape> shapes = _convolutions.SelectMany(c => (Shape[])[c.Sample.Input, c.Sample.Output]);
        if (_preactivations.All(p => p.IsLocal) && shapes.All(s => Planes.AreAligned(s, type))
            && Planes.AreAligned(input, ElementType.Float32))
        {
            Slabs = new SlabEvaluation(backend, _convolutions, _preactivations, type);
            _slabGradient = new SlabGradient(backend, _convolutions, _preactivations, _control, type);
            if (backend.Supports(ElementType.BFloat16)
                && shapes.All(s => Planes.AreAligned(s, ElementType.BFloat16)))
            {
                ApproximateSlabs = new SlabEvaluation(
                    backend, _convolutions, _preactivations, ElementType.BFloat16);
            }
        }
    }

    /// <inheritdoc/>
    public SlabEvaluation? Slabs { get; }

    /// <inheritdoc/>
    public SlabEvaluation? ApproximateSlabs { get; }

    /// <summary>
    /// Whether the branch keeps the inputs of its convolutions rather than their outputs
    /// (<see cref="Backend.KeepsPreactivations"/>), and takes p₀ and gradients in bfloat16 from its
    /// neighbours.
    /// </summary>
    public bool IsFused { get; }

    /// <summary>The pre-activation that makes p₀ of x.</summary>
    public Preactivation First => _preactivations[0];

    /// <summary>
    /// ŝ, the multiplier that <see cref="Evaluate"/>'s result is to be scaled with.
    /// </summary>
    public Tensor Multiplier => _control.Multiplier;

    /// <summary>The convolutions, in order.</summary>
    public IReadOnlyList<Convolution> Convolutions => _convolutions;

    /// <summary>
    /// Limit under which the control keeps the bound of F, for any weights. It is c, the branch's
    /// own coefficient or the common one. It is cᵐ if m convolutions are bounded one by one, and
    /// infinity without control.
    /// </summary>
    public double LipschitzLimit => _control.LipschitzLimit;

    /// <summary>
    /// The norms of the convolutions under Lipschitz control, and where their σ goes; there once
    /// the store is built.
    /// </summary>
    public IEnumerable<(SpectralNorm Norm, Tensor Sigma)> Norms => _control.Norms;

    /// <summary>
    /// Computes the factors from the norms as they are, for passes over a batch; they and the
    /// weights stay fixed until the next call.
    /// </summary>
    public void Prepare(int batch, NetworkUse use)
    {
        _control.Prepare(use);
        for (int j = 0; j < _convolutions.Length; j++)
        {
            _preactivations[j].Prepare(use);
            _convolutions[j].Prepare(batch, use, _control.WeightScale(j));
        }
    }

    /// <inheritdoc cref="Layer.ReleaseWeights"/>
    public void ReleaseWeights()
    {
        foreach (Convolution convolution in _convolutions)
        {
            convolution.ReleaseWeights();
        }
    }

    /// <summary>
    /// zₘ₋₁ of x, in a new tensor; z₀ … zₘ₋₂, or p₁ … pₘ₋₁, into <paramref name="saved"/> when
    /// <paramref name="save"/> is set. x stays; a p₀ of it that was written ahead is freed.
    /// <paramref name="measure"/> is set in the forward pass alone; see
    /// <see cref="Preactivation.Forward(Tensor, bool, Tensor)"/>.
    /// </summary>
    public Tensor Evaluate(Tensor x, bool save, ref SavedTensors saved, bool measure = false) =>
        Run(x, _convolutions.Length, _settings.Type, save ? Keep.Inner : Keep.Nothing, measure, ref saved).Z;

    /// <summary>
    /// The same of a fused branch, which saves p₀ too, or p₀ alone
    /// (<see cref="ForwardMode.AbsorbFirst"/>): its backward pass needs no x.
    /// </summary>
    public Tensor EvaluateAndKeep(Tensor x, ref SavedTensors saved, ForwardMode mode = ForwardMode.Absorb) => Run(
        x, _convolutions.Length, _settings.Type, mode == ForwardMode.Absorb ? Keep.All : Keep.First, measure: false,
        ref saved).Z;

    /// <summary>
    /// zₘ₋₁ of x, stored and computed in bfloat16 whatever the branch's type, in a new tensor; x
    /// stays. Nothing is saved, and the weights are packed for this one call: they take the memory
    /// of one convolution, for the call alone.
    /// </summary>
    public Tensor Approximate(Tensor x)
    {
        SavedTensors none = default;
        return Run(x, _convolutions.Length, ElementType.BFloat16, Keep.Nothing, measure: false, ref none).Z;
    }

    /// <summary>
    /// Fills <paramref name="saved"/> from x without computing what it does not hold, the last
    /// convolution.
    /// </summary>
    public void Recompute(Tensor x, ref SavedTensors saved) => Recompute(x, Keep.Inner, ref saved);

    /// <summary>
    /// The same of a fused branch, and p₀: its backward pass needs no x. Where p₀ is saved, x may
    /// be empty.
    /// </summary>
    public void RecomputeAll(Tensor x, ref SavedTensors saved) => Recompute(x, Keep.All, ref saved);

    /// <summary>
    /// Adds the gradient of x for F(x)'s gradient, <paramref name="gradient"/>, to
    /// <paramref name="residual"/>, in its memory, and returns it: for y = x + F(x) both are dy.
    /// Takes <paramref name="saved"/> over; x, and a gradient of its own, stay. A fused branch that
    /// has p₀ there reads no x, and writes the gradient for <paramref name="below"/> as well.
    /// </summary>
    public Tensor Backward(
        Tensor x, Tensor gradient, Tensor residual, ref SavedTensors saved, Neighbour below = default)
    {
        Arena memory = Memory;
        int last = _convolutions.Length - 1;
        Tensor dz = Narrowed(gradient, ref saved);
        for (int j = last; j >= 0; j--)
        {
            bool isKept = j == 0 ? !saved.Preactivated.IsEmpty : IsFused;
            Tensor input = j > 0 ? saved[j - 1] : isKept ? saved.Preactivated : x;
            Tensor p = input;
            if (!isKept)
            {
                p = memory.Allocate(input.Shape, _settings.Type, MemoryPurpose.Activations);
                _preactivations[j].Forward(input, measure: false, p);
            }
            _control.BackwardWeights(j, p, dz);
            if (!isKept)
            {
                memory.Free(p);
            }
            Tensor scale = j == last ? Multiplier : default, added = j == 0 ? residual : default;
            if (isKept && _convolutions[j].Fuses(
                j == 0 ? ConvolutionFusion.StreamGradient : ConvolutionFusion.Gradient))
            {
                Tensor dx = j == 0 ? residual : p;
                Tensor narrow = default;
                if (j == 0 && below.Reader is not null)
                {
                    narrow = below.Saved.Gradient = memory.Allocate(
                        p.Shape, _settings.Type, MemoryPurpose.Activations);
                }
                _convolutions[j].BackwardActivated(
                    dz, _preactivations[j].Scalars, p, scale, added, dx, narrow);
                FreeUnless(dz, gradient);
                dz = dx;
            }
            else
            {
                Tensor dp = _convolutions[j].BackwardData(dz);
                FreeUnless(dz, gradient);
                Tensor narrow = isKept && j == 0 && below.Reader is not null ? dp : default;
                dz = j == 0 ? residual : isKept ? p : dp;
                if (isKept)
                {
                    _preactivations[j].BackwardFromResult(p, dp, scale, added, dz, narrow);
                }
                else
                {
                    _preactivations[j].Backward(input, dp, scale, added, dz);
                }
                if (!narrow.IsEmpty)
                {
                    below.Saved.Gradient = narrow;
                }
                else
                {
                    FreeUnless(dp, dz);
                }
            }
            if (j == 0)
            {
                saved.FreePreactivated(memory);
            }
            else if (isKept)
            {
                saved[j - 1] = default;
            }
            else
            {
                saved.Free(memory, j - 1);
            }
        }
        _control.Backward();
        return dz;
    }

    /// <inheritdoc/>
    public Tensor Backward(Tensor x, Tensor gradient, Tensor residual, int slab)
    {
        _slabGradient!.Add(x, gradient, residual, slab);
        _control.Backward(hasEnded: true);
        return residual;
    }

    /// <inheritdoc/>
    public void ReadSigmas(Span<float> sigmas) => _control.ReadSigmas(sigmas);

    /// <inheritdoc/>
    public double LipschitzBound(ReadOnlySpan<float> sigmas) => _control.LipschitzBound(sigmas);

    /// <inheritdoc/>
    public double LipschitzBound() => _control.LipschitzBound();

    /// <summary>
    /// Adds F as it is prepared to a graph: αⱼ, and ŝ in the last of them, become part of the
    /// weights.
    /// </summary>
    public string Export(OnnxGraph graph, string x)
    {
        int m = _convolutions.Length;
        Span<float> scales = stackalloc float[BranchScale.Length(m)];
        _control.ReadScales(scales);
        for (int j = 0; j < m; j++)
        {
            string p = _preactivations[j].Export(graph, _convolutions[j].Sample.Input.SpatialRank, x);
            x = _convolutions[j].Export(graph, j < m - 1 ? scales[j] : scales[j] * scales[m], p);
        }
        return x;
    }

    private void Recompute(Tensor x, Keep keep, ref SavedTensors saved)
    {
        int last = _convolutions.Length - 1;
        (Tensor z, bool isActivated) = Run(x, last, _settings.Type, keep, measure: false, ref saved);
        if (IsFused)
        {
            if (!isActivated)
            {
                _preactivations[last].Forward(z, measure: false, z);
            }
            saved[last - 1] = z;
        }
    }

    private void FreeUnless(Tensor tensor, Tensor other)
    {
        if (tensor != other)
        {
            Memory.Free(tensor);
        }
    }

    // The gradient in the type of the convolutions, if the layer behind has not written it already.
    private Tensor Narrowed(Tensor gradient, ref SavedTensors saved)
    {
        Tensor narrow = saved.Gradient;
        saved.Gradient = default;
        if (narrow.IsEmpty && _settings.Type != ElementType.Float32)
        {
            narrow = Memory.Allocate(gradient.Shape, _settings.Type, MemoryPurpose.Activations);
            Backend.Cast(gradient, narrow);
        }
        return narrow.IsEmpty ? gradient : narrow;
    }
}
