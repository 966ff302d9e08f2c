using RevUp.Backends;
using RevUp.Lipschitz;
using RevUp.Tensors;

namespace RevUp.Layers;

/// <summary>
/// The residual branch of a pre-activation Fixup block with m convolutions: z₋₁ = x, pⱼ = φ(zⱼ₋₁ + aⱼ) + bⱼ, zⱼ = Wⱼ ∗ pⱼ, F(x) = ŝ·zₘ₋₁. Scalars a, b, s are
/// trained; ŝ is s under Lipschitz control.
/// </summary>
/// <remarks>
/// Shapes: x and zₘ₋₁ [N, (D), H, W, C], the others [N, (D), H, W, m]. x is float32, z in the branch's type. The backward pass needs x and z₀ … zₘ₋₂; the pⱼ
/// are recomputed pointwise, and the multiplier's gradient is ⟨dWₘ₋₁, Wₘ₋₁⟩, so that zₘ₋₁ is never kept.
/// </remarks>
public sealed class ResidualBranch : IDisposable
{
    private readonly Backend _backend;
    private readonly BranchSettings _settings;
    private readonly Convolution[] _convolutions;
    private readonly SpectralNorm[] _norms;
    private readonly Parameter[] _before;
    private readonly Parameter[] _after;
    private readonly Parameter _multiplier;
    private readonly StateTensor _sigmas;
    private readonly bool _leadingActivation;
    private readonly Tensor _scales;
    private readonly Tensor _dots;
    private readonly Tensor _sigmaGradients;

    /// <param name="name">Prefix of the parameters' names.</param>
    /// <param name="backend">The device.</param>
    /// <param name="store">Where parameters and state are declared.</param>
    /// <param name="input">Shape of one sample of x.</param>
    /// <param name="width">Channels inside the branch.</param>
    /// <param name="settings">What all branches share.</param>
    /// <param name="leadingActivation">False in the first block of a network, where φ would only destroy input.</param>
    public ResidualBranch(string name, Backend backend, ParameterStore store, Shape input, int width, BranchSettings settings, bool leadingActivation)
    {
        _backend = backend;
        _settings = settings;
        _leadingActivation = leadingActivation;
        (int Kernel, int Channels, int Groups)[] convolutions = settings.Convolutions(input.Channels, width);
        int m = convolutions.Length;
        _convolutions = new Convolution[m];
        _norms = new SpectralNorm[settings.Lipschitz.Mode == LipschitzMode.None ? 0 : m];
        _before = new Parameter[m];
        _after = new Parameter[m];
        Shape shape = input;
        for (int j = 0; j < m; j++)
        {
            _before[j] = Scalar(store, $"{name}.bias{j + 1}a", 0);
            _after[j] = Scalar(store, $"{name}.bias{j + 1}b", 0);
            (int kernel, int channels, int groups) = convolutions[j];
            ConvolutionGeometry geometry = new(shape, channels, kernel, Stride: 1, Padding: kernel / 2, groups, settings.Type);
            Initialization initialization = Fixup.BranchConvolution(geometry.Weights, j, m, settings.BranchCount);
            string convolution = $"{name}.conv{j + 1}";
            _convolutions[j] = new Convolution(convolution, backend, store, geometry, initialization);
            if (_norms.Length > 0)
            {
                _norms[j] = new SpectralNorm(convolution, backend, store, _convolutions[j], settings.Lipschitz.MaximumExtent);
            }
            shape = geometry.Output;
        }
        _multiplier = Scalar(store, $"{name}.scale", 1);
        _sigmas = store.AddState($"{name}.sigma", new Shape(m), random: false);
        Arena memory = backend.Memory;
        _scales = memory.Allocate(new Shape(BranchScale.Length(m)), ElementType.Float32, MemoryPurpose.Workspace);
        _dots = memory.Allocate(new Shape(m), ElementType.Float64, MemoryPurpose.Workspace);
        _sigmaGradients = memory.Allocate(new Shape(m), ElementType.Float32, MemoryPurpose.Workspace);
    }

    /// <summary>ŝ, the multiplier that <see cref="Evaluate"/>'s result is to be scaled with.</summary>
    public Tensor Multiplier => _scales.Scalar(_convolutions.Length);

    /// <summary>The convolutions, in order.</summary>
    public IReadOnlyList<Convolution> Convolutions => _convolutions;

    /// <summary>
    /// What the control keeps the bound of F under, whatever its weights: c, or cᵐ where m convolutions are bounded one by one; infinity without control.
    /// </summary>
    public double LipschitzLimit => _settings.Lipschitz.Mode switch
    {
        LipschitzMode.PerBranch => _settings.Lipschitz.Coefficient,
        LipschitzMode.PerLayer => Math.Pow(_settings.Lipschitz.Coefficient, _convolutions.Length),
        _ => double.PositiveInfinity,
    };

    /// <summary>The norms of the convolutions under Lipschitz control, and where their σ goes; there once the store is built.</summary>
    public IEnumerable<(SpectralNorm Norm, Tensor Sigma)> Norms => _norms.Select((norm, j) => (norm, _sigmas.Value.Scalar(j)));

    /// <summary>Computes the factors from the norms as they are and packs the weights for a batch; both stay fixed until the next call.</summary>
    public void Prepare(int batch)
    {
        _backend.ScaleBranch(_settings.Lipschitz.Mode, (float)_settings.Lipschitz.Coefficient, _multiplier.Value, _sigmas.Value, _scales);
        for (int j = 0; j < _convolutions.Length; j++)
        {
            _convolutions[j].Prepare(batch, _settings.Lipschitz.Mode == LipschitzMode.PerLayer ? _scales.Scalar(j) : default);
        }
    }

    /// <summary>zₘ₋₁ of x, in a new tensor; z₀ … zₘ₋₂ into <paramref name="saved"/> when <paramref name="save"/> is set. x stays.</summary>
    public Tensor Evaluate(Tensor x, bool save, ref SavedTensors saved) => Run(x, _convolutions.Length, save, ref saved);

    /// <summary>Fills <paramref name="saved"/> from x without computing what it does not hold, the last convolution.</summary>
    public void Recompute(Tensor x, ref SavedTensors saved) => Run(x, _convolutions.Length - 1, save: true, ref saved);

    /// <summary>The gradient of y = x + F(x): takes dy and <paramref name="saved"/> over and returns dx in dy's memory. x stays.</summary>
    public Tensor Backward(Tensor x, Tensor gradient, ref SavedTensors saved)
    {
        Arena memory = _backend.Memory;
        int last = _convolutions.Length - 1;
        Tensor dz = gradient;
        if (_settings.Type != ElementType.Float32)
        {
            dz = memory.Allocate(gradient.Shape, _settings.Type, MemoryPurpose.Activations);
            _backend.Cast(gradient, dz);
        }
        for (int j = last; j >= 0; j--)
        {
            Tensor input = j == 0 ? x : saved[j - 1];
            Tensor p = Preactivation(j, input, memory.Allocate(input.Shape, _settings.Type, MemoryPurpose.Activations));
            _convolutions[j].BackwardWeights(p, dz, _scales.Scalar(last + 2 + j), _dots.Scalar(j));
            memory.Free(p);
            Tensor dp = _convolutions[j].BackwardData(dz);
            if (dz != gradient)
            {
                memory.Free(dz);
            }
            Tensor scale = j == last ? Multiplier : default;
            Tensor residual = j == 0 ? gradient : default;
            dz = j == 0 ? gradient : dp;
            _backend.PreactivationBackward(ActivationOf(j), input, _before[j].Value, dp, scale, residual, dz, _before[j].Gradient, _after[j].Gradient);
            if (j == 0)
            {
                memory.Free(dp);
            }
            else
            {
                saved.Free(memory, j - 1);
            }
        }
        LipschitzSettings lipschitz = _settings.Lipschitz;
        float coefficient = (float)lipschitz.Coefficient;
        _backend.ScaleBranchBackward(
            lipschitz.Mode, coefficient, _multiplier.Value, _sigmas.Value, _scales, _dots, _multiplier.Gradient, _sigmaGradients);
        for (int j = 0; j < _norms.Length; j++)
        {
            _norms[j].AddGradient(_sigmaGradients.Scalar(j));
        }
        return dz;
    }

    /// <summary>Copies σ of each convolution as last estimated.</summary>
    public void ReadSigmas(Span<float> sigmas) => _backend.Download(_sigmas.Value, sigmas);

    /// <summary>|ŝ|·∏(ασ), the bound of F as it is computed now, when its convolutions have these norms.</summary>
    public double LipschitzBound(ReadOnlySpan<float> sigmas)
    {
        Span<float> scales = stackalloc float[BranchScale.Length(_convolutions.Length)];
        _backend.Download(_scales, scales);
        return BranchScale.EffectiveBound(sigmas, scales);
    }

    /// <summary>The same with the norms as last estimated; infinity without Lipschitz control.</summary>
    public double LipschitzBound()
    {
        if (_norms.Length == 0)
        {
            return double.PositiveInfinity;
        }
        Span<float> sigmas = stackalloc float[_convolutions.Length];
        ReadSigmas(sigmas);
        return LipschitzBound(sigmas);
    }

    /// <summary>Frees what the branch owns.</summary>
    public void Dispose()
    {
        Arena memory = _backend.Memory;
        memory.Free(_scales);
        memory.Free(_dots);
        memory.Free(_sigmaGradients);
        foreach (Convolution convolution in _convolutions)
        {
            convolution.Dispose();
        }
    }

    private Tensor Run(Tensor x, int count, bool save, ref SavedTensors saved)
    {
        Arena memory = _backend.Memory;
        Tensor z = x;
        for (int j = 0; j < count; j++)
        {
            // What is not saved is overwritten: the pre-activation of an inner z has its shape and type.
            bool inPlace = j > 0 && !save;
            Tensor p = Preactivation(j, z, inPlace ? z : memory.Allocate(z.Shape, _settings.Type, MemoryPurpose.Activations));
            z = _convolutions[j].Forward(p);
            memory.Free(p);
            if (save && j < _convolutions.Length - 1)
            {
                saved[j] = z;
            }
        }
        return z;
    }

    private Tensor Preactivation(int j, Tensor x, Tensor p)
    {
        _backend.PreactivationForward(ActivationOf(j), x, _before[j].Value, _after[j].Value, p);
        return p;
    }

    private Activation ActivationOf(int j) => j > 0 || _leadingActivation ? _settings.Activation : Activation.Identity;

    private static Parameter Scalar(ParameterStore store, string name, double value) =>
        store.Add(name, new Shape(1), ParameterGroup.Scalars, Initialization.Constant(value));
}
