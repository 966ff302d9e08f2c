namespace RevUp.Tests.Inference;

/// <summary>
/// The exported model computes the logits of the network, for every layer, block, branch and
/// normalisation.
/// </summary>
[TestClass]
public sealed class OnnxFileTests : FolderTest
{
    private const double Tolerance = 1e-4;
    private const int Batch = 2;
    private const int TrainingSteps = 12; // after which no branch and no logit is zero any more

    private static readonly string[] s_models =
    [
        TestModel.Squeeze, TestModel.Strided, TestModel.Bottleneck, TestModel.ImageNet, TestModel.Volume,
        TestModel.StridedVolume, TestModel.Chain,
        TestModel.ResNet, TestModel.FixupResNet, TestModel.RevNet, TestModel.RevNetVolume, TestModel.FixupRevNet,
        TestModel.IResNet,
        TestModel.MaxMin, TestModel.MaxMinVolume, TestModel.Affine, TestModel.AffineVolume,
        TestModel.Mixing, TestModel.MixingVolume, TestModel.Mirrored, TestModel.MirroredVolume,
        TestModel.Pooled, TestModel.PooledVolume,
    ];

    public static IEnumerable<object[]> Models => s_models.Select(name => new object[] { name });

    [TestMethod]
    [DynamicData(nameof(Models))]
    public void TheModelComputesTheLogitsOfTheNetwork(string name) => Compare(name, (path, input) =>
    {
        OnnxInterpreter model = new(path);
        return [.. model.Run(input).Data];
    });

    /// <summary>The same by the runtime that most users have; see tests/peer-onnxruntime.</summary>
    [TestMethod]
    [DynamicData(nameof(Models))]
    public void OnnxRuntimeComputesTheLogitsOfTheNetwork(string name)
    {
        if (!OnnxRuntime.IsBuilt)
        {
            Assert.Inconclusive($"ONNX Runtime is not here; `{OnnxRuntime.Build}` fetches it.");
        }
        Compare(name, OnnxRuntime.Run);
    }

    [TestMethod]
    public void EveryKindOfOperatorIsAmongTheNetworksCompared()
    {
        HashSet<string> operators = [];
        foreach (string name in s_models)
        {
            using TestNetwork network = new(TestDevice.All[0], TestModel.Get(name), MemoryPolicy.Store);
            OnnxFile.Write(network.Net, Folder["m.onnx"]);
            operators.UnionWith(new OnnxInterpreter(Folder["m.onnx"]).Operators);
        }
        string[] expected =
        [
            "Add", "BatchNormalization", "Concat", "Conv", "Elu", "Flatten", "Gather", "Gemm", "GlobalAveragePool",
            "Identity", "Max", "MaxPool", "Min", "Mul",
            "Pad", "Relu", "Reshape", "SpaceToDepth", "Split", "Transpose", "Where",
        ];
        CollectionAssert.AreEquivalent(expected, operators.ToArray());
    }

    [TestMethod]
    public void TheModelSaysWhatItTakesAndGives()
    {
        using TestNetwork network = new(TestDevice.All[0], TestModel.Get(TestModel.Strided));
        OnnxFile.Write(
            network.Net, Folder["m.onnx"], new ChannelNormalization([0.5, 0.25, 0.125], [0.2, 0.3, 0.4]),
            ["cat", "\"dog\"", "ä<b>"]);
        CollectionAssert.AreEqual(new[] { Folder["m.onnx"] }, Directory.GetFiles(Folder.Path));
        ProtobufFields model = new OnnxInterpreter(Folder["m.onnx"]).Model;
        Assert.AreEqual(8, model.Integer(1));
        Assert.AreEqual(17, model.Message(8).Integer(2));
        Dictionary<string, string> properties =
            model.Messages(14).ToDictionary(property => property.Text(1), property => property.Text(2));
        CollectionAssert.AreEqual(new[] { 0.5, 0.25, 0.125 }, JsonSerializer.Deserialize<double[]>(properties["mean"]));
        CollectionAssert.AreEqual(new[] { 0.2, 0.3, 0.4 }, JsonSerializer.Deserialize<double[]>(properties["std"]));
        CollectionAssert.AreEqual(
            new[] { "cat", "\"dog\"", "ä<b>" }, JsonSerializer.Deserialize<string[]>(properties["classes"]));
        AssertValue(model.Message(7).Message(11), OnnxFile.InputName, 3, 9, 7);
        AssertValue(model.Message(7).Message(12), OnnxFile.OutputName, 3);
    }

    [TestMethod]
    public void ANameForEveryClassIsNeeded()
    {
        using TestNetwork network = new(TestDevice.All[0], TestModel.Get(TestModel.Chain));
        Assert.Refuses<ArgumentException>(
            () => OnnxFile.Write(network.Net, Folder["m.onnx"], null, ["a", "b"]), "2 names were given for 3 classes");
        Assert.IsEmpty(Directory.GetFiles(Folder.Path));
    }

    private static void AssertValue(ProtobufFields value, string name, params long[] extents)
    {
        Assert.AreEqual(name, value.Text(1));
        ProtobufFields tensor = value.Message(2).Message(1);
        Assert.AreEqual(1, tensor.Integer(1), "float");
        ProtobufFields[] dimensions = tensor.Message(2).Messages(1);
        Assert.AreEqual("N", dimensions[0].Text(2));
        CollectionAssert.AreEqual(extents, dimensions.Skip(1).Select(dimension => dimension.Integer(1)).ToArray());
    }

    private static void Compare(string name, Func<string, OnnxValue, double[]> run)
    {
        using TemporaryFolder folder = new();
        using TestNetwork network = new(TestDevice.All[0], TestModel.Get(name), MemoryPolicy.Store);
        network.Train(TrainingSteps);
        RevUpNet net = network.Net;
        OnnxFile.Write(net, folder["m.onnx"]);
        float[] pixels = Vectors.Normal(3, Batch * (int)net.Sample.Count);
        Tensor logits = net.Infer(pixels);
        float[] expected = network.Backend.ToHost(logits);
        net.Backend.Memory.Free(logits);
        Assert.IsGreaterThan(0.01, expected.Max(Math.Abs), "logits of no size show nothing");
        int[] shape = [.. AxisOrders.Dimensions(
            net.Sample.WithBatch(Batch), AxisOrder.ChannelsFirst).Select(extent => (int)extent)];
        float[] ordered = new float[pixels.Length];
        AxisOrders.ToChannelsFirst(net.Sample.WithBatch(Batch), pixels, ordered);
        double[] actual = run(folder["m.onnx"], new OnnxValue(shape, [.. ordered.Select(value => (double)value)]));
        Assert.HasCount(expected.Length, actual);
        for (int i = 0; i < actual.Length; i++)
        {
            Assert.AreEqual(expected[i], actual[i], Tolerance * Math.Max(1, Math.Abs(expected[i])), $"logit {i}");
        }
    }
}
