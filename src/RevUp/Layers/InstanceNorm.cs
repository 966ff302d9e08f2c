using RevUp.Backends;
using RevUp.Tensors;

namespace RevUp.Layers;

/// <summary>
/// p = φ((x − μ) / √(σ² + ε) · weight + bias), with the mean μ and the biased variance σ² of every
/// sample and channel over all positions, in training and in evaluation (instance normalisation,
/// arXiv 1607.08022, equation 4, with the affine map of PyTorch's InstanceNorm). x and p [N, (D),
/// H, W, C]; weight and bias [C], "<c>name</c>.weight" and "<c>name</c>.bias".
/// </summary>
/// <remarks>
/// A sample is a batch of one for <see cref="BatchNorm"/>'s operations. Its statistics are measured
/// again wherever they are needed: the same x gives the same bits, and nothing is kept between the
/// passes. Gradients of weight and bias add up over the samples in their order.
/// </remarks>
internal sealed class InstanceNorm : Preactivation
{
    private readonly Parameter _weight;
    private readonly Parameter _bias;
    private readonly Tensor _mean;
    private readonly Tensor _variance;

    /// <param name="name">Prefix of the parameters' names.</param>
    /// <param name="backend">The device.</param>
    /// <param name="store">Where they are declared.</param>
    /// <param name="channels">C.</param>
    /// <param name="activation">φ.</param>
    public InstanceNorm(string name, Backend backend, ParameterStore store, int channels, Activation activation)
        : base(backend, channels, activation)
    {
        Shape shape = new(channels);
        _weight = store.Add(name + ".weight", shape, ParameterGroup.Weights, Initialization.Constant(1));
        _bias = store.Add(name + ".bias", shape, ParameterGroup.Weights, Initialization.Constant(0));
        _mean = Own(shape, ElementType.Float32, MemoryPurpose.Workspace);
        _variance = Own(shape, ElementType.Float32, MemoryPurpose.Workspace);
    }

    /// <inheritdoc/>
    public override bool IsLocal => false;

    /// <inheritdoc/>
    public override void Forward(Tensor x, bool measure, Tensor p)
    {
        for (int n = 0; n < x.Shape.Batch; n++)
        {
            Tensor sample = Sample(x, n);
            Measure(sample);
            Backend.BatchNormForward(
                Activation, sample, _mean, _variance, BatchNorm.Epsilon, _weight.Value, _bias.Value, Sample(p, n));
        }
    }

    /// <inheritdoc/>
    public override void Backward(Tensor x, Tensor dp, Tensor scale, Tensor residual, Tensor dx)
    {
        for (int n = 0; n < x.Shape.Batch; n++)
        {
            Tensor sample = Sample(x, n);
            Measure(sample);
            Backend.BatchNormBackward(
                Activation, sample, _mean, _variance, BatchNorm.Epsilon, _weight.Value, _bias.Value, Sample(dp, n),
                scale, residual.IsEmpty ? default : Sample(residual, n), Sample(dx, n), _weight.Gradient,
                _bias.Gradient);
        }
    }

    /// <inheritdoc/>
    internal override string Export(OnnxGraph graph, int spatialRank, string x)
    {
        string normalized = graph.Node("InstanceNormalization", _weight.Name,
            [x, graph.Tensor(_weight.Name, _weight.Value), graph.Tensor(_bias.Name, _bias.Value)],
            ("epsilon", BatchNorm.Epsilon));
        return graph.Activation(Activation, _weight.Name, Channels, spatialRank, normalized);
    }

    private void Measure(Tensor sample) =>
        Backend.BatchNormStatistics(sample, momentum: 0, _mean, _variance, default, default);

    private static Tensor Sample(Tensor x, int n)
    {
        Shape shape = x.Shape.WithBatch(1);
        return x.Slice(n * shape.Count, shape);
    }
}
