using RevUp.Backends;
using RevUp.Layers;
using RevUp.Tensors;

namespace RevUp.Training;

/// <summary>
/// Updates all trained parameters from their gradients. Owns the momentum (SGD, Muon) or the two
/// moments (AdamW), float32, laid out like the gradients, and the settings that the launches read
/// from the device, so that a schedule changes neither the launches nor their arguments.
/// </summary>
internal sealed class Optimizer : DeviceObject
{
    private readonly ParameterStore _store;
    private readonly OptimizerSettings _settings;
    private readonly Tensor[] _moments;
    private readonly RateRange[] _ranges;
    private readonly GroupNumbers[] _groups;
    private readonly double[] _values;
    private readonly Orthogonalization? _orthogonalization;

    /// <summary>Moments start at zero.</summary>
    public Optimizer(Backend backend, ParameterStore store, OptimizerSettings settings)
        : base(backend)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(settings);
        settings.Validate();
        _store = store;
        _settings = settings;
        _moments = new Tensor[settings.Kind == OptimizerKind.AdamW ? 2 : 1];
        for (int i = 0; i < _moments.Length; i++)
        {
            _moments[i] = Own(store.Gradients.Shape, ElementType.Float32, MemoryPurpose.Optimizer);
            backend.Fill(_moments[i], 0);
        }
        // A step allocates nothing.
        _ranges = [.. store.Ranges];
        _groups = new GroupNumbers[_ranges.Length];
        _values = new double[OptimizerNumbers.Length(_ranges.Length)];
        _orthogonalization =
            settings.Kind == OptimizerKind.Muon ? Own(new Orthogonalization(backend, store)) : null;
        Settings = Own(new Shape(_values.Length), ElementType.Float64, MemoryPurpose.Workspace);
    }

    /// <summary>
    /// The momentum buffer, or the first and second moments; flat, for checkpoints.
    /// </summary>
    public IReadOnlyList<Tensor> Moments => _moments;

    /// <summary>
    /// <see cref="OptimizerNumbers"/> on the device, for <see cref="Backend.StepVerdict"/>.
    /// </summary>
    public Tensor Settings { get; }

    /// <summary>
    /// Writes the settings of one step, before its verdict: until then gradients are taken as they
    /// are.
    /// </summary>
    /// <param name="factor">The schedule's factor of the learning rate.</param>
    /// <param name="step">Steps counted from 1, this one included.</param>
    /// <exception cref="ArgumentOutOfRangeException">
    /// The factor is negative or not finite, or the step not positive.
    /// </exception>
    public void Schedule(double factor, long step)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(step);
        if (!double.IsFinite(factor) || factor < 0)
        {
            throw new ArgumentOutOfRangeException(
                nameof(factor), factor, "The factor of the learning rate is finite and not negative.");
        }
        // From the decays as the update takes them. In double: the difference cancels while the
        // step is small.
        double correction1 = 1 - Math.Pow((float)_settings.Beta1, step);
        double correction2 = 1 - Math.Pow((float)_settings.Beta2, step);
        OptimizerNumbers numbers = new(
            GradientScale: 1,
            Skip: 0,
            _settings.Momentum,
            _settings.Nesterov ? 1 : 0,
            _settings.Beta1,
            _settings.Beta2,
            _settings.Epsilon,
            correction1,
            correction2);
        for (int i = 0; i < _ranges.Length; i++)
        {
            RateRange range = _ranges[i];
            bool scalars = range.Group == ParameterGroup.Scalars;
            double rate = _settings.LearningRate * factor * (scalars ? _settings.ScalarLearningRateFactor : 1);
            _groups[i] = new GroupNumbers(
                range.End, rate * range.Rate, scalars ? _settings.ScalarWeightDecay : _settings.WeightDecay);
        }
        OptimizerNumbers.Write(numbers, _groups, _values);
        Backend.Upload<double>(_values, Settings);
    }

    /// <summary>
    /// Updates all parameters, unless the settings say to skip the step. Muon's directions take the
    /// place of the gradients.
    /// </summary>
    public void Update()
    {
        switch (_settings.Kind)
        {
            case OptimizerKind.AdamW:
                Backend.AdamW(Settings, _store.Gradients, _moments[0], _moments[1], _store.Trained);
                break;
            case OptimizerKind.Muon:
                Backend.MomentumDirection(Settings, _store.Gradients, _moments[0]);
                _orthogonalization!.Apply();
                Backend.Descend(Settings, _store.Gradients, _store.Trained);
                break;
            default:
                Backend.Sgd(Settings, _store.Gradients, _moments[0], _store.Trained);
                break;
        }
    }
}
