using RevUp.Backends;
using RevUp.Layers;
using RevUp.Tensors;

namespace RevUp.Training;

/// <summary>
/// Updates all parameters from their gradients: one launch per parameter group. Owns the momentum (SGD) or the two moments (AdamW), float32, laid out like the
/// parameters.
/// </summary>
public sealed class Optimizer : IDisposable
{
    // Asked for once: Enum.GetValues allocates an array, and a step allocates nothing.
    private static readonly ParameterGroup[] s_groups = Enum.GetValues<ParameterGroup>();

    private readonly Backend _backend;
    private readonly ParameterStore _store;
    private readonly OptimizerSettings _settings;
    private readonly Tensor[] _moments;

    /// <summary>Moments start at zero.</summary>
    public Optimizer(Backend backend, ParameterStore store, OptimizerSettings settings)
    {
        settings.Validate();
        _backend = backend;
        _store = store;
        _settings = settings;
        _moments = new Tensor[settings.Kind == OptimizerKind.AdamW ? 2 : 1];
        for (int i = 0; i < _moments.Length; i++)
        {
            _moments[i] = backend.Memory.Allocate(store.Values.Shape, ElementType.Float32, MemoryPurpose.Optimizer);
            backend.Fill(_moments[i], 0);
        }
    }

    /// <summary>The momentum buffer, or the first and second moments; flat, for checkpoints.</summary>
    public IReadOnlyList<Tensor> Moments => _moments;

    /// <summary>Updates all parameters.</summary>
    /// <param name="factor">The schedule's factor of the learning rate.</param>
    /// <param name="gradientScale">What gradients are multiplied with first: clipping and averaging.</param>
    /// <param name="step">Steps counted from 1, this one included.</param>
    public void Update(double factor, double gradientScale, long step)
    {
        foreach (ParameterGroup group in s_groups)
        {
            Tensor weights = _store.GroupOf(_store.Values, group);
            if (weights.IsEmpty)
            {
                continue;
            }
            bool scalars = group == ParameterGroup.Scalars;
            float rate = (float)(_settings.LearningRate * factor * (scalars ? _settings.ScalarLearningRateFactor : 1));
            float decay = (float)(scalars ? _settings.ScalarWeightDecay : _settings.WeightDecay);
            Tensor gradients = _store.GroupOf(_store.Gradients, group);
            Tensor first = _store.GroupOf(_moments[0], group);
            if (_settings.Kind == OptimizerKind.AdamW)
            {
                (float beta1, float beta2, float epsilon) = ((float)_settings.Beta1, (float)_settings.Beta2, (float)_settings.Epsilon);
                Tensor second = _store.GroupOf(_moments[1], group);
                _backend.AdamW(rate, beta1, beta2, epsilon, decay, step, (float)gradientScale, gradients, first, second, weights);
            }
            else
            {
                _backend.Sgd(rate, (float)_settings.Momentum, decay, _settings.Nesterov, (float)gradientScale, gradients, first, weights);
            }
        }
    }

    /// <summary>Frees the moments.</summary>
    public void Dispose()
    {
        foreach (Tensor moment in _moments)
        {
            _backend.Memory.Free(moment);
        }
    }
}
