namespace RevUp.Tests.Layers;

/// <summary>
/// The mixing of channels is an invertible layer; <see cref="LayerGradientTests"/> has its
/// gradients.
/// </summary>
[TestClass]
public sealed class ChannelMixingTests
{
    private const int Batch = 3;

    [TestMethod]
    [EveryBackend(2)]
    [EveryBackend(7)]
    [EveryBackend(16)]
    public void ItStartsAtTheIdentityBitForBit(TestDevice device, int channels)
    {
        Shape input = new(1, 5, 6, channels);
        using Backend backend = device.Open();
        using ParameterStore store = new(backend);
        using ChannelMixing layer = new("layer", backend, store, input);
        store.Build(seed: 1);
        float[] x = Vectors.Normal(1, Batch * input.Count);
        (float[] y, float[] inverse) = ThereAndBack(backend, layer, x, Batch);
        CollectionAssert.AreEqual(x, y);
        CollectionAssert.AreEqual(x, inverse);
    }

    /// <summary>Whatever the angles: the norm stays, and the transpose leads back to x.</summary>
    [TestMethod]
    [EveryBackend(2)]
    [EveryBackend(7)]
    [EveryBackend(64)]
    public void TheTransposeIsTheInverse(TestDevice device, int channels)
    {
        Shape input = new(1, 5, 6, channels);
        using Backend backend = device.Open();
        using ParameterStore store = new(backend);
        using ChannelMixing layer = new("layer", backend, store, input);
        store.Build(seed: 1);
        Turn(backend, store, 10);
        float[] x = Vectors.Normal(1, Batch * input.Count);
        (float[] y, float[] inverse) = ThereAndBack(backend, layer, x, Batch);
        // Every stage rounds cosine, sine, two products and their difference; then come two
        // convolutions.
        double stages = Math.Ceiling(Math.Log2(channels));
        double rounding = (10 * stages * Rounding.Float32) + Rounding.Chain(2, channels);
        Assert.AreEqual(1, Vectors.Norm(y.Widen()) / Vectors.Norm(x.Widen()), rounding);
        Assert.IsLessThanOrEqualTo(rounding, Vectors.RelativeDifference(x, inverse));
        Assert.IsGreaterThan(0.5, Vectors.RelativeDifference(x, y), "nothing was mixed");
    }

    [TestMethod]
    [EveryBackend]
    public void EveryChannelOfAPowerOfTwoReachesEveryOther(TestDevice device)
    {
        const int Channels = 16;
        Shape input = new(1, 1, 1, Channels);
        using Backend backend = device.Open();
        using ParameterStore store = new(backend);
        using ChannelMixing layer = new("layer", backend, store, input);
        store.Build(seed: 1);
        Turn(backend, store, 1);
        float[] identity = [.. Enumerable.Range(0, Channels * Channels).Select(i => i % (Channels + 1) == 0 ? 1f : 0)];
        float[] matrix = ThereAndBack(backend, layer, identity, Channels).Output;
        Assert.IsTrue(matrix.All(value => value != 0), string.Join(", ", matrix));
    }

    [TestMethod]
    [EveryBackend]
    public void OneChannelIsRefused(TestDevice device)
    {
        using Backend backend = device.Open();
        using ParameterStore store = new(backend);
        Assert.Refuses<ConfigurationException>(
            () => new ChannelMixing("layer", backend, store, new Shape(1, 4, 4, 1)),
            "'layer' mixes the channels of [1, 4, 4, 1], which has one");
    }

    private static void Turn(Backend backend, ParameterStore store, double deviation) =>
        backend.Upload<float>(Vectors.Normal(2, store.Parameters[0].Shape.Count, deviation), store.Parameters[0].Value);

    private static (float[] Output, float[] Inverse) ThereAndBack(
        Backend backend, ChannelMixing layer, float[] x, int batch)
    {
        layer.Prepare(batch, NetworkUse.Training);
        SavedTensors none = default;
        Tensor y = layer.Forward(backend.ToDevice(x, layer.Input.WithBatch(batch)), ForwardMode.Consume, ref none);
        float[] output = backend.ToHost(y);
        Tensor rebuilt = layer.Inverse(y, ref none, out Tensor point);
        Assert.AreEqual(rebuilt, point);
        return (output, backend.Take(rebuilt));
    }
}
