namespace RevUp.Tests.Layers;

/// <summary>
/// Fixup's initialisation (arXiv 1901.09321, section 4), by formula and as drawn.
/// </summary>
[TestClass]
public sealed class FixupTests
{
    [TestMethod]
    [DataRow(2, 1, -0.5)]
    [DataRow(2, 9, -0.5)]
    [DataRow(2, 54, -0.5)]
    [DataRow(3, 9, -0.25)]
    [DataRow(3, 54, -0.25)]
    public void BranchConvolutionsShrinkWithTheNumberOfBranches(int convolutions, int branches, double exponent)
    {
        Shape weights = new(16, 3, 3, 8);
        double he = Math.Sqrt(2.0 / (16 * 9));
        for (int index = 0; index < convolutions - 1; index++)
        {
            Initialization initialization = Fixup.BranchConvolution(weights, index, convolutions, branches);
            Assert.AreEqual(0, initialization.Mean);
            Assert.AreEqual(he * Math.Pow(branches, exponent), initialization.StandardDeviation, 1e-12);
        }
        Assert.AreEqual(
            Initialization.Constant(0), Fixup.BranchConvolution(weights, convolutions - 1, convolutions, branches));
    }

    [TestMethod]
    public void ConvolutionsOutsideTheBranchesKeepTheVariance()
    {
        Shape volume = new(16, 3, 3, 3, 8);
        Assert.AreEqual(Math.Sqrt(1.0 / (8 * 27)), Fixup.LinearConvolution(volume).StandardDeviation, 1e-12);
        Assert.AreEqual(Math.Sqrt(2.0 / (8 * 27)), Fixup.ActivatedConvolution(volume).StandardDeviation, 1e-12);
    }

    [TestMethod]
    [EveryBackend(BranchKind.Basic, 1, -0.5)]
    [EveryBackend(BranchKind.Bottleneck, 1, -0.25)]
    [EveryBackend(BranchKind.Bottleneck, 4, -0.25)]
    public void ANetworkIsDrawnAccordingly(TestDevice device, BranchKind kind, int groups, double exponent)
    {
        const int Blocks = 5;
        using Backend backend = device.Open();
        ModelSettings settings =
            new() { Branch = kind, Groups = groups, Stages = [new() { Blocks = Blocks, Channels = 24, Width = 20 }] };
        using RevUpNet net = new(backend, settings, new Shape(1, 4, 4, 3), classes: 7, seed: 2);
        string last = kind == BranchKind.Basic ? "conv2" : "conv3";
        foreach (Parameter parameter in net.Parameters.Parameters)
        {
            double[] values = backend.ToHost(parameter.Value).Widen();
            bool branch = parameter.Name.StartsWith("stages.", StringComparison.Ordinal);
            if (values.Length == 1)
            {
                Assert.AreEqual(ParameterGroup.Scalars, parameter.Group, parameter.Name);
                Assert.AreEqual(
                    parameter.Name.EndsWith(".scale", StringComparison.Ordinal) ? 1 : 0, values[0], parameter.Name);
                continue;
            }
            Assert.AreEqual(ParameterGroup.Weights, parameter.Group, parameter.Name);
            if (parameter.Name.StartsWith("head", StringComparison.Ordinal) || parameter.Name.Contains(last))
            {
                Assert.IsTrue(values.All(value => value == 0), parameter.Name);
                continue;
            }
            int fanIn = values.Length / parameter.Shape[0], fanOut = values.Length / parameter.Shape.Channels;
            double expected = branch ? Math.Sqrt(2.0 / fanOut) * Math.Pow(Blocks, exponent) : Math.Sqrt(1.0 / fanIn);
            // Five standard errors of a standard deviation estimated from n numbers.
            double allowed = 5 / Math.Sqrt(2.0 * values.Length);
            Assert.AreEqual(1, Vectors.Norm(values) / Math.Sqrt(values.Length) / expected, allowed, parameter.Name);
            Assert.AreEqual(0, values.Average(), 5 * expected / Math.Sqrt(values.Length), parameter.Name);
        }
    }

    [TestMethod]
    [EveryBackend]
    public void ANewNetworkPredictsNothingAndItsBlocksAreTheIdentity(TestDevice device)
    {
        using TestNetwork network = new(device, TestModel.Get(TestModel.Strided));
        float[] probabilities = network.Net.Predict(network.Data(0).Pixels);
        Assert.IsTrue(probabilities.All(p => Math.Abs(p - 1f / TestModel.Classes) < 1e-6f));
        network.Gradients(MemoryPolicy.Invert);
        Assert.IsTrue(network.Engine.Records.ToArray().All(r => r is { Evaluations: 1, Residual: 0 }));
    }
}
