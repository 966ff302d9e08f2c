namespace RevUp.Tests.Reversible;

/// <summary>
/// The policy "compress": one block's error and no more, wherever in the network, with and without
/// Lipschitz control.
/// </summary>
[TestClass]
public sealed class CompressionTests
{
    private const double Grid = 1.0 / 65536;

    /// <summary>
    /// Half a step is all that an input is off by: the step follows from the largest change of the
    /// stream and the error before it, which it must not add to.
    /// </summary>
    [TestMethod]
    [EveryBackend(4)]
    [EveryBackend(8)]
    public void AnErrorIsHalfAStepAtAnyDepth(TestDevice device, int bits)
    {
        const int Depth = 24;
        TestModel chain = Free(TestModel.Chain);
        using TestNetwork network = new(
            device, chain with { Settings = chain.Settings.WithBlocks(Depth) }, MemoryPolicy.Checkpoint);
        network.DrawZeroConvolutions();
        network.Prepare();
        float[][] exact = Inputs(network, new MemoryPlan { Policy = MemoryPolicy.Checkpoint });
        float[][] decoded = Inputs(network, new MemoryPlan { Policy = MemoryPolicy.Compress, CompressBits = bits });
        int levels = bits == 4 ? 7 : 127;
        double error = Grid / 2, open = error;
        for (int block = 0; block < Depth; block++)
        {
            // Rounding of the sums, in the exact network and here.
            double rounding = 4 * Math.Pow(2, -24) * exact[block].Max(Math.Abs);
            Assert.IsLessThanOrEqualTo(error + rounding, Largest(exact[block], decoded[block]), $"block {block}");
            if (block + 1 < Depth)
            {
                double change = Largest(exact[block], exact[block + 1]);
                double step = ((change + error) / levels * (1 + 1.0 / 128)) + Grid;
                (error, open) = (step / 2, open + (step / 2));
            }
        }
        Assert.IsGreaterThan(4 * error, open, "the case cannot tell a closed loop from an open one");
        Assert.IsGreaterThan(0, Largest(exact[^1], decoded[^1]), "nothing was coded");
    }

    [TestMethod]
    [EveryModel(
        TestModel.Squeeze, TestModel.Strided, TestModel.Bottleneck, TestModel.ImageNet, TestModel.Volume,
        TestModel.StridedVolume, TestModel.Affine, TestModel.Mixing)]
    public void MoreBitsAreABetterGradientOnEveryKindOfNetwork(TestDevice device, string name)
    {
        using TestNetwork network = new(device, Free(name), MemoryPolicy.Checkpoint);
        network.Train(12);
        network.Prepare();
        float[] exact = network.Gradients(MemoryPolicy.Store);
        double four = Error(4), eight = Error(8);
        Assert.IsTrue(eight > 0 && eight < four, $"4 bits: {four}, 8 bits: {eight}");
        // Of elements within their range about one in 2^bits is nearer to the kink of ReLU than its
        // error, and has the wrong slope: as many gradients are off by all they are, which in the
        // norm is the root.
        Assert.IsLessThanOrEqualTo(Math.Sqrt(Math.Pow(2, -8)), eight);
        Assert.IsLessThanOrEqualTo(Math.Sqrt(Math.Pow(2, -4)), four);

        double Error(int bits) =>
            Vectors.RelativeDifference(
                exact,
                network.Gradients(
                    new MemoryPlan { Policy = MemoryPolicy.Compress, CompressBits = bits }, TestNetwork.Exact));
    }

    /// <summary>
    /// Fixup's start: every branch is zero, and so is what there is to code. Only the grid rounds,
    /// once.
    /// </summary>
    [TestMethod]
    [EveryBackend]
    public void WhereBranchesAreZeroOnlyTheGridIsLost(TestDevice device)
    {
        using TestNetwork network = new(device, Free(TestModel.Chain), MemoryPolicy.Checkpoint);
        network.Prepare();
        float[][] exact = Inputs(network, new MemoryPlan { Policy = MemoryPolicy.Checkpoint });
        float[][] decoded = Inputs(network, new MemoryPlan { Policy = MemoryPolicy.Compress, CompressBits = 4 });
        for (int block = 0; block < exact.Length; block++)
        {
            Assert.IsLessThanOrEqualTo(Grid / 2, Largest(exact[block], decoded[block]), $"block {block}");
        }
    }

    /// <summary>
    /// Codes change gradients, never the forward pass: the first loss equals any policy's, and
    /// training gets on.
    /// </summary>
    [TestMethod]
    [EveryBackend(4)]
    [EveryBackend(8)]
    public void ANetworkLearns(TestDevice device, int bits)
    {
        const int Steps = 15;
        using TestNetwork exact = new(device, TestModel.Get(TestModel.Squeeze), MemoryPolicy.Checkpoint);
        using TestNetwork coded = new(device, TestModel.Get(TestModel.Squeeze), MemoryPolicy.Compress);
        coded.Engine.Plan = coded.Engine.Plan with { CompressBits = bits };
        double[] losses = exact.Train(Steps), approximate = coded.Train(Steps);
        Assert.AreEqual(losses[0], approximate[0]);
        Assert.AreNotEqual(losses[^1], approximate[^1], "nothing was coded");
        Assert.IsLessThan(losses[0], approximate[^5..].Average(), $"with exact gradients: {losses[^5..].Average()}");
    }

    [TestMethod]
    [EveryBackend]
    public void NothingFreedIsRead(TestDevice device)
    {
        foreach (string model in (string[])[TestModel.Squeeze, TestModel.Strided, TestModel.Affine, TestModel.Mixing])
        {
            using TestNetwork network = new(device, Free(model), MemoryPolicy.Compress, poison: true);
            Assert.IsTrue(network.Train(3).All(double.IsFinite));
        }
    }

    private static TestModel Free(string name)
    {
        TestModel model = TestModel.Get(name);
        return model with
        {
            Settings = model.Settings with { Lipschitz = new LipschitzSettings { Mode = LipschitzMode.None } },
        };
    }

    /// <summary>The input of every block as the backward pass has it, first block first.</summary>
    private static float[][] Inputs(TestNetwork network, MemoryPlan plan)
    {
        float[][] inputs = new float[network.Net.Blocks.Count][];
        network.Engine.InputObserver = (block, x) => inputs[block.Index] = network.Backend.ToHost(x);
        network.Gradients(plan, TestNetwork.Exact);
        network.Engine.InputObserver = null;
        return inputs;
    }

    // Max passes NaN over.
    private static double Largest(float[] x, float[] y) =>
        x.Zip(y, (a, b) => Math.Abs((double)a - b)).Max(d => double.IsNaN(d) ? double.PositiveInfinity : d);
}
