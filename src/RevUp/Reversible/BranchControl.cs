using RevUp.Backends;
using RevUp.Layers;
using RevUp.Tensors;

namespace RevUp.Reversible;

/// <summary>
/// Lipschitz control of one branch F = ŝ·z: the multiplier s and the norms σ of its m factors.
/// Before each step <see cref="BranchScale"/>'s factors are computed from s and σ.
/// </summary>
internal sealed class BranchControl : DeviceObject
{
    private readonly BranchSettings _settings;
    private readonly int _index;
    private readonly int _factors;
    private readonly SpectralNorm[] _norms;
    private readonly IReadOnlyList<Convolution> _convolutions;
    private readonly BranchWork _work;
    private readonly bool _isAlone;
    private readonly int _place;
    private readonly Parameter? _multiplier;
    private readonly BranchBound _bound;
    private readonly StateTensor _sigmas;
    private readonly Tensor _scales;
    private readonly Tensor _dots;
    private readonly Tensor _sigmaGradients;
    private readonly Tensor _constants;

    /// <param name="name">Prefix of the names of the multiplier and of σ.</param>
    /// <param name="backend">The device.</param>
    /// <param name="store">Where both are declared.</param>
    /// <param name="settings">Settings of all branches.</param>
    /// <param name="index">
    /// Place of the branch's own coefficient among <see cref="BranchSettings.Coefficients"/>.
    /// </param>
    /// <param name="factors">m.</param>
    /// <param name="norms">
    /// Norms that power iteration estimates: of the first factors; none without control.
    /// </param>
    /// <param name="sigma">σ until it is estimated.</param>
    /// <param name="convolutions">
    /// Those whose gradients <see cref="BackwardWeights"/> ends; none by default.
    /// </param>
    public BranchControl(
        string name,
        Backend backend,
        ParameterStore store,
        BranchSettings settings,
        int index,
        int factors,
        SpectralNorm[] norms,
        double sigma = 0,
        IReadOnlyList<Convolution>? convolutions = null)
        : base(backend)
    {
        (_settings, _index, _factors, _norms) = (settings, index, factors, norms);
        _convolutions = convolutions ?? [];
        _isAlone = settings.Work is null;
        _work = settings.Work ?? Own(new BranchWork(backend, waits: false));
        _place = _work.Add(this);
        _bound = settings.Lipschitz.Mode switch
        {
            LipschitzMode.None => BranchBound.None,
            LipschitzMode.PerLayer => BranchBound.PerLayer,
            _ => BranchBound.PerBranch,
        };
        if (settings.Normalization == Normalization.Fixup)
        {
            _multiplier = store.Add($"{name}.scale", new Shape(1), ParameterGroup.Scalars, Initialization.Constant(1));
        }
        _sigmas = store.AddState($"{name}.sigma", new Shape(factors), random: false, (float)sigma);
        _scales = Own(new Shape(BranchScale.Length(factors)), ElementType.Float32, MemoryPurpose.Workspace);
        _dots = Own(new Shape(factors), ElementType.Float64, MemoryPurpose.Workspace);
        _sigmaGradients = Own(new Shape(factors), ElementType.Float32, MemoryPurpose.Workspace);
        // The multiplier of branches that train none, a place for its unused gradient, and the
        // coefficient of branches without their own.
        _constants = Own(new Shape(3), ElementType.Float32, MemoryPurpose.Workspace);
        backend.Upload<float>([1, 1, (float)settings.Lipschitz.Coefficient], _constants);
    }

    /// <summary>ŝ.</summary>
    public Tensor Multiplier => _scales.Scalar(_factors);

    /// <inheritdoc cref="IBranch.LipschitzLimit"/>
    public double LipschitzLimit => _settings.Lipschitz.Mode switch
    {
        LipschitzMode.Adaptive => _settings.Coefficients!.Values[_index],
        LipschitzMode.PerBranch => _settings.Lipschitz.Coefficient,
        LipschitzMode.PerLayer => Math.Pow(_settings.Lipschitz.Coefficient, _factors),
        _ => double.PositiveInfinity,
    };

    /// <inheritdoc cref="IBranch.Norms"/>
    public IEnumerable<(SpectralNorm Norm, Tensor Sigma)> Norms =>
        _norms.Select((norm, j) => (norm, _sigmas.Value.Scalar(j)));

    private Tensor TrainedMultiplier => _multiplier?.Value ?? _constants.Scalar(0);

    private Tensor Coefficient => _settings.Coefficients?.Of(_index) ?? _constants.Scalar(2);

    /// <summary>αⱼ, where it is a factor of the weights.</summary>
    public Tensor WeightScale(int j) => _bound == BranchBound.PerLayer ? _scales.Scalar(j) : default;

    /// <summary>γⱼ, the factor of the weights' gradient.</summary>
    public Tensor GradientScale(int j) => _scales.Scalar(_factors + 1 + j);

    /// <summary>Where ⟨wgradⱼ, Wⱼ⟩ goes, float64.</summary>
    public Tensor Dot(int j) => _dots.Scalar(j);

    /// <summary>Operands of the factors and of their gradients.</summary>
    public BranchOperands Operands => new(
        _bound,
        Coefficient,
        TrainedMultiplier,
        _sigmas.Value,
        _scales,
        _settings.Coefficients?.Bounds.Scalar(_index) ?? default,
        _dots,
        _multiplier is { Gradient.IsEmpty: false } trained ? trained.Gradient : _constants.Scalar(1),
        _sigmaGradients);

    /// <summary>The convolutions under control, as operators.</summary>
    public ConvolutionOperator[] Operators =>
        [.. _norms.Select((norm, j) => norm.Operator(_sigmaGradients.Scalar(j)))];

    /// <summary>The ends of the weights' gradients, from where their results wait.</summary>
    public WeightGradient[] Gradients(Func<Convolution, Tensor> raw) =>
    [
        .. _convolutions.Select((convolution, j) => new WeightGradient(
            raw(convolution), convolution.Weight.Value, GradientScale(j), convolution.Weight.Gradient, Dot(j))),
    ];

    /// <summary>
    /// Computes the factors from the norms as they are; a network has done so for all its branches.
    /// </summary>
    public void Prepare(NetworkUse use)
    {
        if (_isAlone)
        {
            _work.Prepare(use);
        }
    }

    /// <summary>
    /// wgrad of convolution <paramref name="j"/>: its gradient is complete once the branch's work
    /// is finished.
    /// </summary>
    public void BackwardWeights(int j, Tensor x, Tensor dy)
    {
        Tensor raw = _work.RawOf(_place, j);
        if (raw.IsEmpty)
        {
            _convolutions[j].BackwardWeights(x, dy, GradientScale(j), Dot(j));
        }
        else
        {
            _convolutions[j].BackwardWeightsInto(raw, x, dy);
        }
    }

    /// <summary>
    /// Hands on the gradients of s and, through σ, of the weights, which follow from all
    /// <see cref="Dot"/>.
    /// </summary>
    /// <param name="hasEnded">
    /// Whether the weights' gradients have ended without <see cref="BackwardWeights"/>.
    /// </param>
    public void Backward(bool hasEnded = false) =>
        _work.End(_place, hasRaw: !hasEnded && _convolutions.Count > 0 && !_work.RawOf(_place, 0).IsEmpty);

    /// <summary>Copies σ of every factor.</summary>
    public void ReadSigmas(Span<float> sigmas) => Backend.Download(_sigmas.Value, sigmas);

    /// <summary>Copies the factors.</summary>
    public void ReadScales(Span<float> scales) => Backend.Download(_scales, scales);

    /// <summary>
    /// |ŝ|·∏(ασ), the bound of F as it is computed now, when its factors have these norms.
    /// </summary>
    public double LipschitzBound(ReadOnlySpan<float> sigmas)
    {
        Span<float> scales = stackalloc float[BranchScale.Length(_factors)];
        ReadScales(scales);
        return BranchScale.EffectiveBound(sigmas, scales);
    }

    /// <inheritdoc cref="IBranch.LipschitzBound()"/>
    public double LipschitzBound()
    {
        if (_settings.Lipschitz.Mode == LipschitzMode.None)
        {
            return double.PositiveInfinity;
        }
        Span<float> sigmas = stackalloc float[_factors];
        ReadSigmas(sigmas);
        return LipschitzBound(sigmas);
    }
}
