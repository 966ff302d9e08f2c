using RevUp.Backends;
using RevUp.Layers;
using RevUp.Models;
using RevUp.Tensors;

namespace RevUp.Training;

/// <summary>
/// The exponential moving average of a network's weights, a ← w + d · (a − w) after every step,
/// and of its running statistics: the network that is evaluated and saved, beside the trained one.
/// </summary>
/// <remarks>
/// Step t takes d = min(decay, t / (t + 9)): the average forgets the initial weights first. Norms
/// of power iterations are no average of norms: <see cref="Use"/> iterates on the averaged weights.
/// Source of average and ramp: Tarvainen and Valpola (2017), arXiv 1703.01780; TensorFlow's
/// tf.train.ExponentialMovingAverage.
/// </remarks>
internal sealed class WeightAverage : DeviceObject
{
    private const int Ramp = 9;

    private readonly RevUpNet _net;
    private readonly double _decay;
    private readonly (Tensor Trained, Tensor Average)[] _pairs;
    private readonly Tensor _one;
    private readonly Tensor _factor;
    private float _written;
    private bool _isApplied;

    /// <summary>The averages start as the network is.</summary>
    /// <param name="net">The network.</param>
    /// <param name="decay">Weight of the average so far, above 0 and below 1.</param>
    /// <exception cref="ArenaExhaustedException">No memory for the averages.</exception>
    public WeightAverage(RevUpNet net, double decay)
        : base(net.Backend)
    {
        (_net, _decay) = (net, decay);
        IEnumerable<Tensor> running = net.Parameters.State
            .Where(state => BatchNorm.IsRunning(state) && !state.IsFrozen).Select(state => state.Value);
        _pairs = [.. running.Prepend(net.Parameters.Trained).Select(trained => (trained, Like(trained)))];
        _one = Own(new Shape(1), ElementType.Float32, MemoryPurpose.Workspace);
        _factor = Own(new Shape(1), ElementType.Float32, MemoryPurpose.Workspace);
        Backend.Fill(_one, 1);
        Take();
    }

    /// <summary>All averages.</summary>
    public IEnumerable<Tensor> Values => _pairs.Select(pair => pair.Average);

    /// <summary>Averages of running statistics, which each rank has of its own batches.</summary>
    public IEnumerable<Tensor> Statistics => Values.Skip(1);

    /// <summary>Makes the weights of the network the averages.</summary>
    public void Take() => Copy(pair => pair.Trained, pair => pair.Average);

    /// <summary>Averages in the weights after a step.</summary>
    /// <param name="step">Steps done, this one included.</param>
    public void Follow(long step)
    {
        float decay = (float)Math.Min(_decay, (double)step / (step + Ramp));
        if (decay != _written)
        {
            Backend.Upload<float>([decay], _factor);
            _written = decay;
        }
        foreach ((Tensor trained, Tensor average) in _pairs)
        {
            Backend.ResidualSubtract(average, trained, _one, average);
            Backend.ResidualAdd(trained, average, _factor, average);
        }
    }

    /// <summary>
    /// Gives the network the averages, with norms of theirs, until the result is disposed; null
    /// once the training has ended.
    /// </summary>
    public IDisposable? Use()
    {
        if (_isApplied)
        {
            return null;
        }
        Kept kept = new(_net);
        Load();
        return kept;
    }

    /// <summary>Gives the network the averages for good: the training has ended.</summary>
    public void Apply()
    {
        _isApplied = true;
        Load();
    }

    private void Load()
    {
        Copy(pair => pair.Average, pair => pair.Trained);
        _net.EstimateNorms();
    }

    private Tensor Like(Tensor tensor) => Own(tensor.Shape, ElementType.Float32, MemoryPurpose.Optimizer);

    private void Copy(
        Func<(Tensor Trained, Tensor Average), Tensor> from, Func<(Tensor Trained, Tensor Average), Tensor> to)
    {
        foreach ((Tensor, Tensor) pair in _pairs)
        {
            Backend.Cast(from(pair), to(pair));
        }
    }

    /// <summary>The trained network's weights and state, on the host meanwhile.</summary>
    private sealed class Kept : IDisposable
    {
        private readonly RevUpNet _net;
        private readonly float[] _values;
        private readonly float[] _state;

        public Kept(RevUpNet net)
        {
            _net = net;
            _values = Download(net.Parameters.Values);
            _state = Download(net.Parameters.StateValues);
        }

        public void Dispose()
        {
            _net.Backend.Upload<float>(_values, _net.Parameters.Values);
            if (_state.Length > 0)
            {
                _net.Backend.Upload<float>(_state, _net.Parameters.StateValues);
            }
            _net.Invalidate();
        }

        private float[] Download(Tensor tensor)
        {
            float[] values = tensor.IsEmpty ? [] : new float[tensor.Count];
            if (values.Length > 0)
            {
                _net.Backend.Download<float>(tensor, values);
            }
            return values;
        }
    }
}
