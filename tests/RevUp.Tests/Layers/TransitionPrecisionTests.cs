namespace RevUp.Tests.Layers;

/// <summary>
/// Transitions whose convolution is bfloat16 or TF32, between float32 streams, against a twin in
/// float64 and slab by slab.
/// </summary>
[TestClass]
public sealed class TransitionPrecisionTests
{
    private const int Batch = 2;

    // u of bfloat16, with 8 bits of significand, and of TF32, with 11.
    private const double BFloat16 = 1.0 / (1 << 8);
    private const double Tf32 = 1.0 / (1 << 11);

    // Two factors and, in bfloat16, the result. Each rounding changes a sum by less than u of its
    // norm; the gradients of x and of the weights have as many.
    private static double Allowed(ElementType type) => type == ElementType.BFloat16 ? 3 * BFloat16 : 2 * Tf32;

    [TestMethod]
    [EveryBackend(false, 3, ElementType.BFloat16, Type = ElementType.BFloat16)]
    [EveryBackend(false, 2, ElementType.BFloat16, Type = ElementType.BFloat16)]
    [EveryBackend(true, 3, ElementType.BFloat16, Type = ElementType.BFloat16)]
    [EveryBackend(false, 3, ElementType.Float32)]
    [EveryBackend(true, 2, ElementType.Float32)]
    public void StridedTransitionIsNearFloat64(TestDevice device, bool volume, int kernel, ElementType type)
    {
        Shape input = volume ? new(1, 4, 3, 5, 8) : new(1, 6, 5, 16);
        using Backend backend = device.Open();
        using ParameterStore store = new(backend);
        using StridedTransition layer = new(
            "layer", backend, store, input, channels: 24, kernel, stride: 2, Activation.Elu, Normalization.Fixup, type,
            tf32: true);
        store.Build(seed: 1);
        layer.Prepare(Batch, NetworkUse.Training);
        ConvolutionGeometry geometry = new(
            input.WithBatch(Batch), 24, kernel, Stride: 2, (kernel - 1) / 2, Groups: 1, ElementType.Float32);
        GradientCheck.Run(
            backend, store, layer, Batch,
            values => Reference.Convolution(
                geometry,
                BranchTwin.Preactivation(
                    "layer", 1, Normalization.Fixup, Activation.Elu, Batch, input.Channels, values, values["x"]),
                values["layer.weight"]),
            Allowed(type));
    }

    /// <summary>
    /// A fused transition takes p and the gradient in bfloat16 from its neighbours, and writes both
    /// for them: the numbers are those that each layer makes for itself. With p it needs no x. In a
    /// U-Net the gradient along the connection is added.
    /// </summary>
    [TestMethod]
    [EveryBackend(false, Type = ElementType.BFloat16)]
    [EveryBackend(true, Type = ElementType.BFloat16)]
    public void AFusedTransitionWritesWhatItsNeighboursTake(TestDevice device, bool hasSkip)
    {
        Shape input = new(1, 6, 5, 16);
        using Backend backend = device.Open(poison: true);
        backend.KeepsPreactivations = true;
        Arena memory = backend.Memory;
        using ParameterStore store = new(backend);
        Skip? skip = hasSkip ? new(input) : null;
        using StridedTransition layer = new(
            "layer", backend, store, input, channels: 24, kernel: 3, stride: 2, Activation.Relu, Normalization.Fixup,
            ElementType.BFloat16, tf32: true, skip);
        using ScalarPreactivation reader = new("reader", backend, store, 24, Activation.Relu);
        store.Build(seed: 1);
        layer.Prepare(Batch, NetworkUse.Training);
        float[] xs = Vectors.Normal(1, Batch * input.Count), along = Vectors.Normal(3, Batch * input.Count);
        int live = memory.LiveCount;
        Tensor x = Placed(xs, input), p = Narrow(x);
        layer.FusedInput!.Forward(x, measure: true, p);
        SavedTensors saved = default, behind = default, below = default;

        float[] y = backend.Take(layer.Forward(x, ForwardMode.Keep, ref saved));
        saved.Preactivated = p;
        Tensor written = layer.Forward(x, ForwardMode.Absorb, ref saved, new Neighbour(reader, ref behind));
        Assert.AreEqual(p, saved[0]);
        Tensor ahead = Narrow(written);
        reader.Forward(written, measure: true, ahead);
        CollectionAssert.AreEqual(y, backend.ToHost(written));
        CollectionAssert.AreEqual(Widened(ahead), Widened(behind.Preactivated));

        Tensor gradient = Placed(Vectors.Normal(2, Batch * layer.Output.Count), layer.Output);
        saved.Gradient = Narrow(gradient);
        backend.Cast(gradient, saved.Gradient);
        skip?.Gradient = Placed(along, input);
        Tensor dx = layer.Backward(default, gradient, true, ref saved, new Neighbour(reader, ref below));
        Tensor narrow = Narrow(dx);
        backend.Cast(dx, narrow);
        CollectionAssert.AreEqual(Widened(narrow), Widened(below.Gradient));
        float[] handed = backend.Take(dx);

        x = Placed(xs, input);
        skip?.Gradient = Placed(new float[along.Length], input);
        float[] alone = backend.Take(
            layer.Backward(x, Placed(Vectors.Normal(2, Batch * layer.Output.Count), layer.Output), true, ref saved));
        CollectionAssert.AreEqual(hasSkip ? [.. alone.Zip(along, (a, b) => b + a)] : alone, handed);
        memory.Free(x);
        memory.Free(written);
        layer.ReleaseWeights();
        Assert.AreEqual(live, memory.LiveCount, "the layer left memory behind");

        Tensor Placed(float[] values, Shape sample) => backend.ToDevice(values, sample.WithBatch(Batch));
        Tensor Narrow(Tensor like) => memory.Allocate(like.Shape, ElementType.BFloat16, MemoryPurpose.Activations);
        float[] Widened(Tensor narrow) => backend.Take(backend.Converted(narrow, ElementType.Float32));
    }

    /// <summary>Sums over slabs round each slab's share of a gradient.</summary>
    [TestMethod]
    [EveryBackend(2, Type = ElementType.BFloat16)]
    [EveryBackend(3, Type = ElementType.BFloat16)]
    public void SlabsOfAStridedTransitionGiveItsNumbers(TestDevice device, int kernel)
    {
        Shape input = new(1, 8, 4, 16);
        CompareSlabs(
            device, input, (backend, store) => new StridedTransition(
                "layer", backend, store, input, channels: 32, kernel, stride: 2, Activation.Relu, Normalization.Fixup,
                ElementType.BFloat16, tf32: true));
    }

    [TestMethod]
    [EveryBackend(Type = ElementType.BFloat16)]
    public void SlabsOfATransposedTransitionGiveItsNumbers(TestDevice device)
    {
        Shape input = new(1, 4, 4, 32);
        CompareSlabs(
            device, input, (backend, store) => new TransposedTransition(
                "layer", backend, store, input, stride: 2, new Skip(new Shape(1, 8, 8, 16)), ElementType.BFloat16,
                tf32: true));
    }

    [TestMethod]
    [EveryBackend(Type = ElementType.BFloat16)]
    public void SeparatingATransposedTransitionGivesTheSkipBack(TestDevice device)
    {
        Shape input = new(1, 3, 4, 8);
        using Backend backend = device.Open();
        using ParameterStore store = new(backend);
        Skip skip = new(new Shape(1, 6, 8, 16));
        using TransposedTransition layer = new(
            "layer", backend, store, input, stride: 2, skip, ElementType.BFloat16, tf32: true);
        store.Build(seed: 1);
        layer.Prepare(Batch, NetworkUse.Training);
        float[] e = Vectors.Normal(1, Batch * skip.Sample.Count);
        Tensor x = backend.ToDevice(Vectors.Normal(2, Batch * input.Count), input.WithBatch(Batch));
        skip.Value = backend.ToDevice(e, skip.Sample.WithBatch(Batch));
        SavedTensors none = default;
        layer.Separate(x, layer.Forward(x, ForwardMode.Keep, ref none));
        // Both passes add the same bfloat16 numbers, of which the sum and the difference round
        // float32.
        Assert.IsLessThanOrEqualTo(
            Rounding.Chain(2, 1), Vectors.RelativeDifference(e, backend.Take(skip.Value)));
        backend.Memory.Free(x);
        layer.ReleaseWeights();
    }

    private static void CompareSlabs(TestDevice device, Shape input, Func<Backend, ParameterStore, Layer> create)
    {
        using Backend backend = device.Open(poison: true);
        using ParameterStore store = new(backend);
        using Layer layer = create(backend, store);
        store.Build(seed: 1);
        layer.Prepare(Batch, NetworkUse.Training);
        (float[] y, float[] dx, float[] dw) = Pass(backend, store, layer);
        layer.SetSlab(layer.Output.Count / 2);
        Assert.IsGreaterThan(0, layer.Slab);
        (float[] ySlabs, float[] dxSlabs, float[] dwSlabs) = Pass(backend, store, layer);
        Assert.IsLessThanOrEqualTo(BFloat16, Vectors.RelativeDifference(y, ySlabs));
        Assert.IsLessThanOrEqualTo(BFloat16, Vectors.RelativeDifference(dx, dxSlabs));
        Assert.IsLessThanOrEqualTo(BFloat16, Vectors.RelativeDifference(dw, dwSlabs));
    }

    private static (float[] Y, float[] Dx, float[] Dw) Pass(Backend backend, ParameterStore store, Layer layer)
    {
        int live = backend.Memory.LiveCount;
        backend.Fill(store.Gradients, 0);
        Skip? skip = (layer as TransposedTransition)?.Skip;
        Tensor x = Normal(1, layer.Input);
        skip?.Value = Normal(2, skip.Sample);
        SavedTensors none = default;
        float[] y = backend.Take(layer.Forward(x, ForwardMode.Keep, ref none));
        Tensor dy = Normal(3, layer.Output);
        Tensor gradient = layer.Backward(x, dy, inputGradient: true, ref none);
        layer.ReleaseWeights();
        float[] dx = backend.Take(gradient);
        backend.Memory.Free(x);
        if (skip is not null)
        {
            backend.Memory.Free(skip.Gradient);
            skip.Gradient = default;
        }
        Assert.AreEqual(live, backend.Memory.LiveCount, "the layer left memory behind");
        return (y, dx, backend.ToHost(store.Gradients));

        Tensor Normal(long seed, Shape sample)
        {
            Shape shape = sample.WithBatch(Batch);
            return backend.ToDevice(Vectors.Normal(seed, shape.Count), shape);
        }
    }
}
