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
/// multiplier's gradient is ⟨dWₘ₋₁, Wₘ₋₁⟩, so that zₘ₋₁ is never kept.
/// </remarks>
internal sealed class ResidualBranch : DeviceObject, IBranch
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
    /// zₘ₋₁ of x, in a new tensor; z₀ … zₘ₋₂ into <paramref name="saved"/> when
    /// <paramref name="save"/> is set. x stays. <paramref name="measure"/> is set in the forward
    /// pass alone; see <see cref="Preactivation.Forward(Tensor, bool, Tensor)"/>.
    /// </summary>
    public Tensor Evaluate(Tensor x, bool save, ref SavedTensors saved, bool measure = false) =>
        Run(x, _convolutions.Length, _settings.Type, save, measure, ref saved);

    /// <summary>
    /// zₘ₋₁ of x, stored and computed in bfloat16 whatever the branch's type, in a new tensor; x
    /// stays. Nothing is saved, and the weights are packed for this one call: they take the memory
    /// of one convolution, for the call alone.
    /// </summary>
    public Tensor Approximate(Tensor x)
    {
        SavedTensors none = default;
        return Run(x, _convolutions.Length, ElementType.BFloat16, save: false, measure: false, ref none);
    }

    /// <summary>
    /// Fills <paramref name="saved"/> from x without computing what it does not hold, the last
    /// convolution.
    /// </summary>
    public void Recompute(Tensor x, ref SavedTensors saved) =>
        Run(x, _convolutions.Length - 1, _settings.Type, save: true, measure: false, ref saved);

    /// <summary>
    /// Adds the gradient of x for F(x)'s gradient, <paramref name="gradient"/>, to
    /// <paramref name="residual"/>, in its memory, and returns it: for y = x + F(x) both are dy.
    /// Takes <paramref name="saved"/> over; x, and a gradient of its own, stay.
    /// </summary>
    public Tensor Backward(Tensor x, Tensor gradient, Tensor residual, ref SavedTensors saved)
    {
        Arena memory = Memory;
        int last = _convolutions.Length - 1;
        Tensor dz = gradient;
        if (_settings.Type != ElementType.Float32)
        {
            dz = memory.Allocate(gradient.Shape, _settings.Type, MemoryPurpose.Activations);
            Backend.Cast(gradient, dz);
        }
        for (int j = last; j >= 0; j--)
        {
            Tensor input = j == 0 ? x : saved[j - 1];
            Tensor p = memory.Allocate(input.Shape, _settings.Type, MemoryPurpose.Activations);
            _preactivations[j].Forward(input, measure: false, p);
            _control.BackwardWeights(j, p, dz);
            memory.Free(p);
            Tensor dp = _convolutions[j].BackwardData(dz);
            if (dz != gradient)
            {
                memory.Free(dz);
            }
            Tensor scale = j == last ? Multiplier : default;
            dz = j == 0 ? residual : dp;
            _preactivations[j].Backward(input, dp, scale, j == 0 ? residual : default, dz);
            if (j == 0)
            {
                memory.Free(dp);
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

    private Tensor Run(Tensor x, int count, ElementType type, bool save, bool measure, ref SavedTensors saved)
    {
        Arena memory = Memory;
        Tensor z = x;
        for (int j = 0; j < count; j++)
        {
            // What is not saved is overwritten: the pre-activation of an inner z has its shape and
            // type.
            bool inPlace = j > 0 && !save;
            Tensor p = inPlace ? z : memory.Allocate(z.Shape, type, MemoryPurpose.Activations);
            _preactivations[j].Forward(z, measure, p);
            z = type == _settings.Type
                ? _convolutions[j].Forward(p)
                : _convolutions[j].ForwardOnce(p, _control.WeightScale(j));
            memory.Free(p);
            if (save && j < _convolutions.Length - 1)
            {
                saved[j] = z;
            }
        }
        return z;
    }
}
