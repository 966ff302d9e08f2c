namespace RevUp.Tests.Reversible;

/// <summary>
/// Branches in bfloat16 that keep the inputs of their convolutions, beside those that keep the
/// outputs.
/// </summary>
[TestClass]
public sealed class FusedBranchTests
{
    private static readonly MemoryPolicy[] s_policies =
        [MemoryPolicy.Store, MemoryPolicy.Checkpoint, MemoryPolicy.Compress, MemoryPolicy.Invert];

    // Biases start at 0, where ReLU's gradient from the result is the one from its argument; the
    // sums over a tensor may be taken in another order.
    [TestMethod]
    [EveryBackend(TestModel.Squeeze, Type = ElementType.BFloat16)]
    [EveryBackend(TestModel.Strided, Type = ElementType.BFloat16)]
    [EveryBackend(TestModel.ImageNet, Type = ElementType.BFloat16)]
    public void TheGradientsAreTheSame(TestDevice device, string model)
    {
        using TestNetwork plain = Network(device, model, fused: false), fused = Network(device, model, fused: true);
        Assert.IsTrue(fused.Net.Layers.OfType<ResidualBlock>().All(block => block.Fused is not null));
        Assert.IsTrue(plain.Net.Layers.OfType<ResidualBlock>().All(block => block.Fused is null));
        plain.Prepare();
        fused.Prepare();
        foreach (MemoryPolicy policy in s_policies)
        {
            float[] expected = plain.Gradients(policy);
            Assert.IsLessThanOrEqualTo(
                1e-5, Vectors.RelativeDifference(expected, fused.Gradients(policy)), $"{policy}");
        }
    }

    // The second step is planned where the device is asynchronous: blocks write for each other.
    [TestMethod]
    [EveryBackend(TestModel.Squeeze, Type = ElementType.BFloat16)]
    [EveryBackend(TestModel.Strided, Type = ElementType.BFloat16)]
    [EveryBackend(TestModel.ImageNet, Type = ElementType.BFloat16)]
    public void TrainingIsTheSameAndTakesNoMoreMemory(TestDevice device, string model)
    {
        foreach (MemoryPolicy policy in s_policies)
        {
            using TestNetwork plain = Network(device, model, fused: false, policy);
            using TestNetwork fused = Network(device, model, fused: true, policy);
            double[] expected = plain.Train(3), losses = fused.Train(3);
            for (int i = 0; i < losses.Length; i++)
            {
                Assert.AreEqual(expected[i], losses[i], 1e-3 * Math.Abs(expected[i]), $"{policy}, step {i}");
            }
            plain.Backend.Memory.ResetPeaks();
            fused.Backend.Memory.ResetPeaks();
            plain.Train(1);
            fused.Train(1);
            // Two halves of a tensor of odd size are rounded up twice.
            Assert.IsLessThanOrEqualTo(Peak(plain) + Arena.Alignment, Peak(fused), $"{policy}");
        }
    }

    /// <summary>
    /// Convolutions that do the operation behind them do not round in between: beside branches in
    /// float32, the gradients are no farther off than with both apart. That no test hangs on luck,
    /// twice as far is allowed.
    /// </summary>
    [TestMethod]
    [DataRow(TestModel.Squeeze)]
    [DataRow(TestModel.ImageNet)]
    public void FusedConvolutionsAreAsNearToFloat32(string model)
    {
        using TestNetwork exact = Network(TestDevice.All[0], model, precision: BranchPrecision.Float32);
        using TestNetwork apart = Network(TestDevice.All[1], model);
        using TestNetwork together = Network(TestDevice.Fused, model);
        foreach (TestNetwork network in (TestNetwork[])[apart, together])
        {
            network.CopyFrom(exact);
            network.Prepare();
        }
        exact.Prepare();
        foreach (MemoryPolicy policy in s_policies)
        {
            float[] expected = exact.Gradients(policy);
            double rounding = Vectors.RelativeDifference(expected, apart.Gradients(policy));
            float[] gradients = together.Gradients(policy);
            Assert.IsLessThanOrEqualTo(2 * rounding, Vectors.RelativeDifference(expected, gradients), $"{policy}");
            CollectionAssert.AreEqual(gradients, together.Gradients(policy), $"{policy}");
        }
    }

    /// <summary>The same of training with planned inversions, in no more memory.</summary>
    [TestMethod]
    [DataRow(TestModel.ImageNet, BranchPrecision.BFloat16)]
    [DataRow(TestModel.ImageNet, BranchPrecision.Float32)]
    public void FusedConvolutionsTrainAsTheyDoApart(string model, BranchPrecision precision)
    {
        foreach (MemoryPolicy policy in s_policies)
        {
            using TestNetwork apart = Network(TestDevice.All[1], model, policy: policy, precision: precision);
            using TestNetwork together = Network(TestDevice.Fused, model, policy: policy, precision: precision);
            double[] expected = apart.Train(3), losses = together.Train(3);
            for (int i = 0; i < losses.Length; i++)
            {
                Assert.AreEqual(expected[i], losses[i], 1e-2 * Math.Abs(expected[i]), $"{policy}, step {i}");
            }
            apart.Backend.Memory.ResetPeaks();
            together.Backend.Memory.ResetPeaks();
            apart.Train(1);
            together.Train(1);
            Assert.IsLessThanOrEqualTo(Peak(apart), Peak(together), $"{policy}");
        }
    }

    private static long Peak(TestNetwork network) => network.Backend.Memory.Peak[MemoryPurpose.Activations];

    private static TestNetwork Network(
        TestDevice device, string name, bool? fused = null, MemoryPolicy policy = MemoryPolicy.Invert,
        BranchPrecision precision = BranchPrecision.BFloat16)
    {
        TestModel model = TestModel.Get(name);
        ModelSettings settings = model.Settings with
        {
            Precision = precision,
            Activation = Activation.Relu,
        };
        InversionSettings inversion = new() { Tolerance = 1.0 / (1 << 8) };
        TestNetwork network = new(
            device, model with { Settings = settings }, policy, inversion, poison: true, fused: fused);
        network.DrawZeroConvolutions();
        return network;
    }
}
