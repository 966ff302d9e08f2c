namespace RevUp.Tests.Layers;

/// <summary>
/// The affine map of the channels is an invertible layer; <see cref="LayerGradientTests"/> has its
/// gradients.
/// </summary>
[TestClass]
public sealed class ChannelAffineTests
{
    private const int Batch = 3;

    private static readonly Shape s_input = new(1, 5, 6, 7);

    [TestMethod]
    [EveryBackend]
    public void ItStartsAtTheIdentityBitForBit(TestDevice device)
    {
        using Backend backend = device.Open();
        using ParameterStore store = new(backend);
        using ChannelAffine layer = new("layer", backend, store, s_input);
        store.Build(seed: 1);
        float[] x = Vectors.Normal(1, Batch * s_input.Count);
        (float[] y, float[] inverse) = ThereAndBack(backend, layer, x, Batch);
        CollectionAssert.AreEqual(x, y);
        CollectionAssert.AreEqual(x, inverse);
    }

    /// <summary>
    /// Whatever is trained: t runs from far beyond where tanh is 1 in float32 to as far below −1, b
    /// is up to a thousand times x.
    /// </summary>
    [TestMethod]
    [EveryBackend]
    public void TheInverseIsWithinItsBound(TestDevice device)
    {
        using Backend backend = device.Open();
        using ParameterStore store = new(backend);
        using ChannelAffine layer = new("layer", backend, store, s_input);
        store.Build(seed: 1);
        float[] t = [-100, -3, -0.5f, 0, 0.7f, 2, 100];
        float[] b = [0.3f, -1000, 5, 0, -2, 40, 1000];
        Set(backend, store, "layer.scale", t);
        Set(backend, store, "layer.shift", b);
        float[] x = Vectors.Normal(1, Batch * s_input.Count);
        float[] inverse = ThereAndBack(backend, layer, x, Batch).Inverse;
        for (int i = 0; i < x.Length; i++)
        {
            int c = i % s_input.Channels;
            double bound = 6 * Rounding.Float32 * (Math.Abs(x[i]) + (Math.Abs(b[c]) / Math.Pow(2, Math.Tanh(t[c]))));
            Assert.AreEqual(x[i], inverse[i], bound, $"element {i}, t = {t[c]}, b = {b[c]}");
        }
        CollectionAssert.AreNotEqual(x, inverse, "the case does not test what it says");
    }

    [TestMethod]
    [EveryBackend]
    public void ASampleIsTheSameInEveryBatch(TestDevice device)
    {
        using Backend backend = device.Open();
        using ParameterStore store = new(backend);
        using ChannelAffine layer = new("layer", backend, store, s_input);
        store.Build(seed: 1);
        Set(backend, store, "layer.scale", Vectors.Normal(2, s_input.Channels));
        Set(backend, store, "layer.shift", Vectors.Normal(3, s_input.Channels));
        float[] x = Vectors.Normal(1, Batch * s_input.Count);
        float[] together = ThereAndBack(backend, layer, x, Batch).Output;
        float[] alone =
            [.. x.Chunk((int)s_input.Count).SelectMany(sample => ThereAndBack(backend, layer, sample, 1).Output)];
        CollectionAssert.AreEqual(alone, together);
    }

    [TestMethod]
    [EveryBackend]
    public void ItsParametersAreTrainedAsFixupsScalars(TestDevice device)
    {
        using Backend backend = device.Open();
        using ParameterStore store = new(backend);
        using ChannelAffine layer = new("layer", backend, store, s_input);
        Assert.HasCount(2, store.Parameters);
        Assert.IsTrue(store.Parameters.All(parameter => parameter.Group == ParameterGroup.Scalars));
    }

    private static void Set(Backend backend, ParameterStore store, string name, float[] values) =>
        backend.Upload<float>(values, store.Parameters.Single(parameter => parameter.Name == name).Value);

    private static (float[] Output, float[] Inverse) ThereAndBack(
        Backend backend, ChannelAffine layer, float[] x, int batch)
    {
        layer.Prepare(batch, NetworkUse.Training);
        SavedTensors none = default;
        Tensor y = layer.Forward(backend.ToDevice(x, s_input.WithBatch(batch)), ForwardMode.Consume, ref none);
        float[] output = backend.ToHost(y);
        Tensor rebuilt = layer.Inverse(y, ref none, out Tensor point);
        Assert.AreEqual(rebuilt, point);
        return (output, backend.Take(rebuilt));
    }
}
