using RevUp.Tests.Reversible;

namespace RevUp.Tests.Layers;

/// <summary>
/// Outputs and gradients of every layer but the block, whose own tests are in
/// <see cref="BlockGradientTests"/>.
/// </summary>
[TestClass]
public sealed class LayerGradientTests
{
    private const int Batch = 2;

    private static readonly Shape s_image = new(1, 5, 6, 3);
    private static readonly Shape s_pairs = new(1, 5, 6, 4);
    private static readonly Shape s_volume = new(1, 4, 3, 5, 2);

    [TestMethod]
    [EveryBackend(false, 3, 1)]
    [EveryBackend(false, 3, 2)]
    [EveryBackend(false, 2, 2)]
    [EveryBackend(false, 7, 2)]
    [EveryBackend(true, 3, 1)]
    [EveryBackend(true, 3, 2)]
    [EveryBackend(true, 2, 2)]
    public void ConvolutionLayerGradients(TestDevice device, bool volume, int kernel, int stride)
    {
        using Backend backend = device.Open();
        using ParameterStore store = new(backend);
        Shape input = volume ? s_volume : s_image;
        using ConvolutionLayer layer = new("layer", backend, store, input, channels: 4, kernel, stride, tf32: false);
        store.Build(seed: 1);
        layer.Prepare(Batch, NetworkUse.Training);
        ConvolutionGeometry geometry = new(
            input.WithBatch(Batch), 4, kernel, stride, (kernel - 1) / 2, 1, ElementType.Float32);
        Assert.AreEqual(geometry.Output.WithBatch(1), layer.Output);
        long terms = Math.Max(geometry.Weights.Count, geometry.Output.Count);
        GradientCheck.Run(
            backend, store, layer, Batch,
            values => Reference.Convolution(geometry, values["x"], values["layer.weight"]), Rounding.Chain(2, terms));
    }

    [TestMethod]
    [EveryBackend(false, 3, Activation.Relu, Normalization.Fixup)]
    [EveryBackend(false, 2, Activation.Elu, Normalization.Fixup)]
    [EveryBackend(true, 3, Activation.Elu, Normalization.Fixup)]
    [EveryBackend(true, 2, Activation.Relu, Normalization.Fixup)]
    [EveryBackend(false, 3, Activation.Relu, Normalization.BatchNorm)]
    [EveryBackend(true, 2, Activation.Elu, Normalization.BatchNorm)]
    [EveryBackend(false, 2, Activation.Elu, Normalization.None)]
    [EveryBackend(false, 3, Activation.MaxMin, Normalization.Fixup)]
    [EveryBackend(false, 2, Activation.MaxMin, Normalization.BatchNorm)]
    [EveryBackend(true, 2, Activation.MaxMin, Normalization.None)]
    [EveryBackend(false, 3, Activation.Elu, Normalization.InstanceNorm)]
    [EveryBackend(true, 2, Activation.Relu, Normalization.InstanceNorm)]
    [EveryBackend(false, 2, Activation.MaxMin, Normalization.InstanceNorm)]
    public void StridedTransitionGradients(
        TestDevice device, bool volume, int kernel, Activation activation, Normalization normalization)
    {
        using Backend backend = device.Open();
        using ParameterStore store = new(backend);
        Shape input = volume ? s_volume : s_pairs;
        using StridedTransition layer = new(
            "layer", backend, store, input, channels: 4, kernel, stride: 2, activation, normalization,
            ElementType.Float32, tf32: false);
        store.Build(seed: 1);
        Randomize(backend, store, 0.3);
        layer.Prepare(Batch, NetworkUse.Training);
        ConvolutionGeometry geometry = new(
            input.WithBatch(Batch), 4, kernel, Stride: 2, (kernel - 1) / 2, Groups: 1, ElementType.Float32);
        Assert.AreEqual(geometry.Output.WithBatch(1), layer.Output);
        GradientCheck.Run(
            backend,
            store,
            layer,
            Batch,
            values =>
            {
                double[] p = BranchTwin.Preactivation(
                    "layer", 1, normalization, activation, Batch, input.Channels, values, values["x"]);
                return Reference.Convolution(geometry, p, values["layer.weight"]);
            },
            Rounding.Chain(4, Math.Max(geometry.Weights.Count, geometry.Output.Count)));
    }

    [TestMethod]
    [EveryBackend(false)]
    [EveryBackend(true)]
    public void MaxPoolGradients(TestDevice device, bool volume)
    {
        Shape input = volume ? s_volume : s_image;
        foreach (int channels in (int[])[input.Channels, 7])
        {
            Check(
                device,
                input,
                backend => new MaxPool("layer", backend, input, channels),
                (layer, x) => Reference.MaxPool(input.WithBatch(Batch), layer.Output.WithBatch(Batch), x));
        }
    }

    [TestMethod]
    [EveryBackend(false)]
    [EveryBackend(true)]
    public void SqueezeGradients(TestDevice device, bool volume)
    {
        Shape input = volume ? new Shape(1, 4, 2, 6, 3) : new Shape(1, 4, 6, 3);
        Check(
            device, input, backend => new Squeeze("layer", backend, input),
            (_, x) => Reference.Squeeze(input.WithBatch(Batch), x));
    }

    [TestMethod]
    [EveryBackend(false)]
    [EveryBackend(true)]
    public void ChannelHalvesGradients(TestDevice device, bool volume)
    {
        Shape input = volume ? new Shape(1, 4, 2, 4, 6) : new Shape(1, 4, 8, 6);
        Check(
            device, input, backend => new ChannelHalves("layer", backend, input, split: true),
            (_, x) => Reference.SplitChannels(input.Channels / 2, x));
        Check(
            device, input, backend => new ChannelHalves("layer", backend, input, split: false),
            (_, x) => Reference.MergeChannels(input.Channels / 2, x));
    }

    [TestMethod]
    [EveryBackend(false)]
    [EveryBackend(true)]
    public void ChannelPadGradients(TestDevice device, bool volume)
    {
        Shape input = volume ? s_volume : s_image;
        Check(
            device, input, backend => new ChannelPad("layer", backend, input, 7),
            (_, x) => Reference.PadChannels(input, 7, x));
    }

    [TestMethod]
    [EveryBackend(false)]
    [EveryBackend(true)]
    public void ChannelAffineGradients(TestDevice device, bool volume)
    {
        using Backend backend = device.Open();
        using ParameterStore store = new(backend);
        Shape input = volume ? s_volume : s_image;
        using ChannelAffine layer = new("layer", backend, store, input);
        store.Build(seed: 1);
        Randomize(backend, store, 1);
        layer.Prepare(Batch, NetworkUse.Training);
        GradientCheck.Run(
            backend,
            store,
            layer,
            Batch,
            values =>
            {
                (double[] t, double[] b) = (values["layer.scale"], values["layer.shift"]);
                return [.. values["x"].Select(
                    (x, i) => (x * Math.Pow(2, Math.Tanh(t[i % input.Channels]))) + b[i % input.Channels])];
            },
            Rounding.Chain(4, Batch * input.Positions));
    }

    [TestMethod]
    [EveryBackend(false, 0f)]
    [EveryBackend(false, 1f)]
    [EveryBackend(true, 1f)]
    public void ChannelMixingGradients(TestDevice device, bool volume, float deviation)
    {
        using Backend backend = device.Open();
        using ParameterStore store = new(backend);
        Shape input = volume ? new Shape(1, 4, 3, 5, 6) : new Shape(1, 5, 6, 7);
        using ChannelMixing layer = new("layer", backend, store, input);
        store.Build(seed: 1);
        Randomize(backend, store, deviation);
        layer.Prepare(Batch, NetworkUse.Training);
        GradientCheck.Run(
            backend, store, layer, Batch,
            values => MixingTwin.Evaluate(input.Channels, values["layer.angles"], values["x"]),
            Rounding.Chain(5, input.Count));
    }

    [TestMethod]
    [EveryBackend(false, Activation.Relu, Normalization.Fixup)]
    [EveryBackend(true, Activation.Relu, Normalization.Fixup)]
    [EveryBackend(false, Activation.Elu, Normalization.Fixup)]
    [EveryBackend(true, Activation.Elu, Normalization.Fixup)]
    [EveryBackend(false, Activation.Relu, Normalization.BatchNorm)]
    [EveryBackend(true, Activation.Elu, Normalization.BatchNorm)]
    [EveryBackend(false, Activation.MaxMin, Normalization.Fixup)]
    [EveryBackend(true, Activation.MaxMin, Normalization.BatchNorm)]
    public void ClassifierHeadGradients(
        TestDevice device, bool volume, Activation activation, Normalization normalization)
    {
        const int Classes = 4;
        using Backend backend = device.Open();
        using ParameterStore store = new(backend);
        Shape input = volume ? s_volume : s_pairs;
        using ClassifierHead layer = new("layer", backend, store, input, Classes, activation, normalization);
        store.Build(seed: 1);
        Randomize(backend, store, 1);
        layer.Prepare(Batch, NetworkUse.Training);
        GradientCheck.Run(
            backend,
            store,
            layer,
            Batch,
            values =>
            {
                double[] p = BranchTwin.Preactivation(
                    "layer", 1, normalization, activation, Batch, input.Channels, values, values["x"]);
                return Reference.Classifier(input.WithBatch(Batch), p, values["layer.weight"], values["layer.bias"]);
            },
            Rounding.Chain(5, input.Count));
    }

    private static void Randomize(Backend backend, ParameterStore store, double deviation)
    {
        for (int i = 0; i < store.Parameters.Count; i++)
        {
            backend.Upload<float>(
                Vectors.Normal(10 + i, store.Parameters[i].Shape.Count, deviation), store.Parameters[i].Value);
        }
    }

    private static void Check(
        TestDevice device, Shape input, Func<Backend, Layer> create, Func<Layer, double[], double[]> twin)
    {
        using Backend backend = device.Open();
        using ParameterStore store = new(backend);
        using Layer layer = create(backend);
        store.Build(seed: 1);
        // Values are moved, and at most 3ᵈ of them added.
        GradientCheck.Run(
            backend, store, layer, Batch, values => twin(layer, values["x"]),
            Rounding.Chain(1, input.SpatialRank == 2 ? 9 : 27));
    }
}
