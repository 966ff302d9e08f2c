using RevUp.Backends;
using RevUp.Tensors;

namespace RevUp.Layers;

/// <summary>
/// p = φ((x − μ) / √(σ² + ε) · weight + bias) for every channel, with the mean and the variance of
/// the batch in training and their running averages in evaluation (batch normalisation, arXiv
/// 1502.03167, algorithms 1 and 2). x and p [N, (D), H, W, C]; numbers and names as PyTorch's
/// BatchNorm, the names "<c>name</c>.weight", ".bias", ".running_mean" and ".running_var".
/// </summary>
/// <remarks>
/// The statistics of a batch are measured once, in the forward pass, and kept, 2C numbers: the
/// backward pass and every recomputation use the same bits, and the running averages move once per
/// batch however often the forward pass is repeated.
/// </remarks>
internal sealed class BatchNorm : Preactivation
{
    /// <summary>ε, added to the variance.</summary>
    public const float Epsilon = 1e-5f;

    /// <summary>Share of a batch in the running averages.</summary>
    public const float Momentum = 0.1f;

    private const string MeanSuffix = ".running_mean";
    private const string VarianceSuffix = ".running_var";

    private readonly Parameter _weight;
    private readonly Parameter _bias;
    private readonly StateTensor _runningMean;
    private readonly StateTensor _runningVariance;
    private readonly Tensor _mean;
    private readonly Tensor _variance;
    private bool _training;
    private bool _repeats;

    /// <param name="name">Prefix of the names of parameters and state.</param>
    /// <param name="backend">The device.</param>
    /// <param name="store">Where they are declared.</param>
    /// <param name="channels">C.</param>
    /// <param name="activation">φ.</param>
    public BatchNorm(string name, Backend backend, ParameterStore store, int channels, Activation activation)
        : base(backend, channels, activation)
    {
        Shape shape = new(channels);
        _weight = store.Add(name + ".weight", shape, ParameterGroup.Weights, Initialization.Constant(1));
        _bias = store.Add(name + ".bias", shape, ParameterGroup.Weights, Initialization.Constant(0));
        _runningMean = store.AddState(name + MeanSuffix, shape, random: false);
        _runningVariance = store.AddState(name + VarianceSuffix, shape, random: false, initial: 1);
        _mean = Own(shape, ElementType.Float32, MemoryPurpose.Workspace);
        _variance = Own(shape, ElementType.Float32, MemoryPurpose.Workspace);
    }

    /// <summary>Whether a state is an average over batches.</summary>
    public static bool IsRunning(StateTensor state) =>
        state.Name.EndsWith(MeanSuffix, StringComparison.Ordinal)
        || state.Name.EndsWith(VarianceSuffix, StringComparison.Ordinal);

    /// <inheritdoc/>
    public override void Prepare(NetworkUse use)
    {
        RequireOpen();
        (_training, _repeats) = (use == NetworkUse.Training, false);
    }

    /// <inheritdoc/>
    public override void Repeat()
    {
        RequireOpen();
        _repeats = true;
    }

    /// <inheritdoc/>
    public override bool IsLocal => false;

    /// <inheritdoc/>
    public override void Forward(Tensor x, bool measure, Tensor p)
    {
        if (_training && measure && !_repeats)
        {
            Backend.BatchNormStatistics(x, Momentum, _mean, _variance, _runningMean.Value, _runningVariance.Value);
        }
        (Tensor mean, Tensor variance) = _training ? (_mean, _variance) : (_runningMean.Value, _runningVariance.Value);
        Backend.BatchNormForward(Activation, x, mean, variance, Epsilon, _weight.Value, _bias.Value, p);
    }

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">
    /// The network is prepared for evaluation.
    /// </exception>
    public override void Backward(Tensor x, Tensor dp, Tensor scale, Tensor residual, Tensor dx)
    {
        RequireOpen();
        if (!_training)
        {
            throw new InvalidOperationException(
                $"'{_weight.Name}' was evaluated with running statistics since the step began; prepare the step again "
                + "before its backward pass.");
        }
        Backend.BatchNormBackward(
            Activation, x, _mean, _variance, Epsilon, _weight.Value, _bias.Value, dp, scale, residual, dx,
            _weight.Gradient, _bias.Gradient);
    }

    /// <inheritdoc/>
    internal override string Export(OnnxGraph graph, int spatialRank, string x)
    {
        string normalized = graph.Node("BatchNormalization", _weight.Name,
            [
                x,
                graph.Tensor(_weight.Name, _weight.Value),
                graph.Tensor(_bias.Name, _bias.Value),
                graph.Tensor(_runningMean.Name, _runningMean.Value),
                graph.Tensor(_runningVariance.Name, _runningVariance.Value),
            ],
            ("epsilon", Epsilon));
        return graph.Activation(Activation, _weight.Name, Channels, spatialRank, normalized);
    }
}
