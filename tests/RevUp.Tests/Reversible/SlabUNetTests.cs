namespace RevUp.Tests.Reversible;

/// <summary>Passes of whole U-Nets slab by slab, against passes of whole batches.</summary>
[TestClass]
public sealed class SlabUNetTests
{
    private static readonly InversionSettings s_tight = new() { Tolerance = 1e-7 };

    private static readonly Dictionary<string, TestModel> s_models = new()
    {
        ["picture"] = TestUNet.WidePicture,
        ["volume"] = TestUNet.WideVolume,
        // Kernels that overlap along the first axis where the stride is 1, and that leave out every
        // other plane where it is 2.
        ["anisotropic"] = new(
            TestUNet.WidePicture.Settings with
            {
                Stages =
                [
                    TestUNet.Stage(1, 16, 1, width: 16),
                    TestUNet.Stage(1, 16, 1, width: 16) with { Stride = [1, 2, 2], Kernel = [3, 3, 3] },
                    TestUNet.Stage(1, 32, 0, width: 16) with { Stride = [2, 1, 2], Kernel = [1, 3, 3] },
                ],
            },
            new(1, 6, 4, 8, 1)),
        ["free"] = TestUNet.WidePicture with
        {
            Settings = TestUNet.WidePicture.Settings with
            {
                Lipschitz = new LipschitzSettings { FreeLeadingBlocks = true },
            },
        },
    };

    [TestMethod]
    [EveryBackend("picture")]
    [EveryBackend("volume")]
    [EveryBackend("anisotropic", SlowOnStandIn = true)]
    [EveryBackend("free")]
    public void EveryPolicyGivesTheGradientOfTheWhole(TestDevice device, string name)
    {
        using TestUNet network = new(device, s_models[name]);
        float[] stored = network.Gradients(MemoryPolicy.Store);
        MemoryPolicy[] policies = [MemoryPolicy.Store, MemoryPolicy.Checkpoint, MemoryPolicy.Invert];
        foreach (MemoryPolicy policy in policies)
        {
            foreach (int slab in (int[])[1, 2, 5])
            {
                MemoryPlan plan = new() { Policy = policy, Slab = slab };
                float[] gradients = network.Gradients(plan, s_tight);
                Assert.IsLessThanOrEqualTo(
                    1e-5, Vectors.RelativeDifference(stored, gradients), $"{policy}, {slab} planes");
                CollectionAssert.AreEqual(gradients, network.Gradients(plan, s_tight), "another pass has other bits");
            }
        }
        Assert.AreEqual(0, network.Engine.Replays);
    }

    /// <summary>Inputs recomputed slab by slab, a decoder's through the skip connection.</summary>
    [TestMethod]
    [EveryBackend("picture")]
    [EveryBackend("volume")]
    [EveryBackend("free")]
    public void RefusedInversionsGiveTheGradientOfStore(TestDevice device, string name)
    {
        using TestUNet network = new(device, s_models[name]);
        float[] stored = network.Gradients(MemoryPolicy.Store);
        InversionSettings refused =
            TestNetwork.Exact with { MaximumEvaluations = 1, HardLimit = InversionSettings.Exact };
        float[] replayed = network.Gradients(new MemoryPlan { Slab = 2 }, refused);
        Assert.AreEqual(network.Net.Blocks.Count(block => !block.IsRecomputed), network.Engine.Replays);
        Assert.IsLessThanOrEqualTo(1e-5, Vectors.RelativeDifference(stored, replayed));
    }

    /// <summary>Inversions that begin in bfloat16, in blocks that need more evaluations.</summary>
    [TestMethod]
    [EveryBackend("picture", Type = ElementType.BFloat16)]
    [EveryBackend("volume", Type = ElementType.BFloat16)]
    public void MixedEvaluationsGiveTheGradientOfStore(TestDevice device, string name)
    {
        using TestUNet network = new(device, s_models[name]);
        float[] stored = network.Gradients(MemoryPolicy.Store);
        MemoryPlan plan = new() { Slab = 2 };
        float[] full = network.Gradients(plan, TestNetwork.Exact);
        InversionSettings settings = TestNetwork.Exact with { Evaluations = EvaluationPrecision.Mixed };
        CollectionAssert.AreEqual(full, network.Gradients(plan, settings), "nothing is known of k yet");
        network.Engine.Inverter.Plan.Measure(network.Engine.Records);
        float[] mixed = network.Gradients();
        CollectionAssert.AreNotEqual(full, mixed);
        Assert.IsLessThanOrEqualTo(1e-4, Vectors.RelativeDifference(stored, mixed));
        Assert.AreEqual(0, network.Engine.Replays);
    }

    /// <summary>
    /// The peak is in an inversion: y, x, the gradient and, with slabs of one plane, two windows of
    /// three planes.
    /// </summary>
    [TestMethod]
    [EveryBackend]
    public void MemoryIsThatOfThreeTensorsAtAnyDepth(TestDevice device)
    {
        long[] peaks = [.. new[] { 1, 4 }.Select(Peak)];
        Assert.AreEqual(peaks[0], peaks[1]);

        long Peak(int blocks)
        {
            TestModel model = new(
                TestUNet.WidePicture.Settings with
                {
                    Stages =
                    [
                        TestUNet.Stage(blocks, 16, blocks, width: 16),
                        TestUNet.Stage(blocks, 16, 0, width: 16),
                    ],
                },
                new(1, 64, 8, 3));
            using TestUNet network = new(device, model, batch: 1);
            long whole = network.Peak(new MemoryPlan()), slabs = network.Peak(new MemoryPlan { Slab = 1 });
            // In rows of 8 positions and 16 channels, input and targets included.
            (long finest, long coarser, long batch, long windows) = (64, 16, 12 + 12, 2 * 3);
            long row = 8 * 16 * sizeof(float);
            Assert.IsGreaterThan(6 * finest * row, whole);
            Assert.AreEqual((3 * finest + coarser + batch + windows) * row, slabs);
            return slabs;
        }
    }
}
