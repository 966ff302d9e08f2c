namespace RevUp.Tests.Inference;

/// <summary>An exported U-Net computes the logits of the network at any extents.</summary>
[TestClass]
public sealed class UNetOnnxTests
{
    private const double Tolerance = 1e-4;

    [TestMethod]
    [DataRow("mapped")]
    [DataRow("volume")]
    [DataRow("anisotropic")]
    [DataRow("normalized")]
    [DataRow("normalized volume")]
    public void TheModelComputesTheLogitsAtOtherExtents(string name) =>
        Compare(name, (path, input) => [.. new OnnxInterpreter(path).Run(input).Data]);

    [TestMethod]
    [DataRow("mapped")]
    [DataRow("volume")]
    [DataRow("anisotropic")]
    [DataRow("normalized")]
    [DataRow("normalized volume")]
    public void OnnxRuntimeComputesTheLogitsAtOtherExtents(string name)
    {
        if (!OnnxRuntime.IsBuilt)
        {
            Assert.Inconclusive($"ONNX Runtime is not here; `{OnnxRuntime.Build}` fetches it.");
        }
        Compare(name, OnnxRuntime.Run);
    }

    private static void Compare(string name, Func<string, OnnxValue, double[]> run)
    {
        using TemporaryFolder folder = new();
        using TestUNet network = new(TestDevice.All[0], TestUNet.Get(name));
        bool volume = network.Net.Sample.SpatialRank == 3;
        OnnxFile.Write(network.Net, folder["m.onnx"]);
        foreach (int[] extents in (int[][])(volume ? [[4, 6, 4], [6, 2, 8], [2, 4, 12]] : [[8, 12], [4, 8], [16, 4]]))
        {
            Shape sample = new([1, .. extents, network.Net.Sample.Channels]);
            using RevUpNet net = network.Net.At(sample);
            float[] pixels = Vectors.Normal(3, 2 * sample.Count);
            float[] logits = network.Backend.Take(net.Infer(pixels));
            double[] actual = run(folder["m.onnx"], Ordered(pixels, sample.WithBatch(2)));
            double[] expected = Ordered(logits, sample.WithBatch(2).WithChannels(TestUNet.Classes)).Data;
            Assert.HasCount(expected.Length, actual);
            double largest = expected.Max(Math.Abs);
            Assert.IsGreaterThan(0.1, largest);
            for (int i = 0; i < actual.Length; i++)
            {
                Assert.AreEqual(expected[i], actual[i], Tolerance * largest, $"{sample}, logit {i}");
            }
        }
    }

    private static OnnxValue Ordered(float[] values, Shape shape)
    {
        float[] ordered = new float[values.Length];
        AxisOrders.ToChannelsFirst(shape, values, ordered);
        int[] dimensions =
            [.. AxisOrders.Dimensions(shape, AxisOrder.ChannelsFirst).Select(extent => (int)extent)];
        return new OnnxValue(dimensions, ordered.Widen());
    }
}
