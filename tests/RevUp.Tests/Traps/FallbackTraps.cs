namespace RevUp.Tests.Traps;

/// <summary>
/// Reconstruction errors are measured, kept small by anchors, and never trained on.
/// </summary>
[TestClass]
public sealed class FallbackTraps
{
    /// <summary>
    /// With one evaluation and a limit at float32's resolution no block passes: each is replayed,
    /// which is what checkpointing computes.
    /// </summary>
    [TestMethod]
    [EveryModel(TestModel.Squeeze, TestModel.Strided, TestModel.ImageNet, TestModel.Volume, TestModel.Pooled)]
    public void Trap06_WhatDoesNotConvergeIsReplayedBitForBit(TestDevice device, string model)
    {
        InversionSettings impossible = new() { Tolerance = 1e-7, HardLimit = 1e-7, MaximumEvaluations = 1 };
        using TestNetwork network = TestNetwork.Trained(device, model);
        network.DrawZeroConvolutions();
        network.Prepare();
        float[] checkpointed = network.Gradients(MemoryPolicy.Checkpoint);
        int live = network.Backend.Memory.LiveCount;
        CollectionAssert.AreEqual(checkpointed, network.Gradients(new MemoryPlan(), impossible));
        Assert.AreEqual(network.Net.Blocks.Count, network.Engine.Replays);
        foreach (InversionRecord record in network.Engine.Records)
        {
            Assert.AreEqual((1, false, true), (record.Evaluations, record.Converged, record.Replayed));
        }
        Assert.AreEqual(live, network.Backend.Memory.LiveCount);
        network.Gradients(MemoryPolicy.Invert);
        Assert.AreEqual(
            network.Net.Blocks.Count, network.Engine.Replays, "a later step that converges counts no replay");
    }

    /// <summary>
    /// A σ that is wrong, whatever the reason, leaves a block without inverse: the run-time check
    /// finds it.
    /// </summary>
    [TestMethod]
    [EveryBackend(1)]
    [EveryBackend(2)]
    public void Trap06_ABlockWhoseBoundIsBrokenIsFoundAndReplayed(TestDevice device, int broken)
    {
        using TestNetwork network = TestNetwork.Trained(device, TestModel.Chain);
        network.DrawZeroConvolutions();
        network.Prepare();
        Inflate(network, network.Net.Blocks[broken].Branch.Convolutions[^1].Weight, 40);
        float[] checkpointed = network.Gradients(MemoryPolicy.Checkpoint);
        float[] inverted = network.Gradients(new MemoryPlan(), TestNetwork.Exact);
        Assert.AreEqual(1, network.Engine.Replays);
        foreach (InvertibleBlock block in network.Net.Blocks)
        {
            Assert.AreEqual(block.Index == broken, network.Engine.Records[block.Index].Replayed, block.Name);
        }
        Assert.IsLessThanOrEqualTo(1e-4, Vectors.RelativeDifference(checkpointed, inverted));
    }

    /// <summary>
    /// Errors of the blocks above add up on the way back; at an anchor they start again from
    /// nothing.
    /// </summary>
    [TestMethod]
    [EveryBackend]
    public void Trap06_AnchorsStopTheErrorAndCostTheirInput(TestDevice device)
    {
        const int Every = 3, Blocks = 8;
        TestModel chain = TestModel.Get(TestModel.Chain);
        using TestNetwork network = new(device, chain with { Settings = chain.Settings.WithBlocks(Blocks) });
        network.DrawZeroConvolutions();
        network.Prepare();
        InversionSettings loose = new() { Tolerance = 1e-2 };
        float[][] exact = Inputs(new MemoryPlan { Policy = MemoryPolicy.Store }, out _);
        float[][] free = Inputs(new MemoryPlan(), out long freePeak);
        float[][] anchored = Inputs(new MemoryPlan { AnchorEvery = Every }, out long anchoredPeak);
        for (int i = 1; i < Blocks; i++)
        {
            double error = Vectors.RelativeDifference(exact[i], anchored[i]);
            bool isAnchor = i % Every == 0;
            Assert.AreEqual(isAnchor, error == 0, $"block {i}");
            Assert.AreEqual(isAnchor, network.Engine.Records[i].Evaluations == 0, $"block {i}");
            Assert.IsTrue(
                i > 6 || error < Vectors.RelativeDifference(exact[i], free[i]),
                $"block {i}: the anchor above did not help");
        }
        // Blocks 3 and 6 keep theirs; they are kept when the peak is reached, at the top of the
        // network.
        Assert.AreEqual(2 * TestNetwork.BatchBytes(network.Net.Blocks[0].Input), anchoredPeak - freePeak);

        float[][] Inputs(MemoryPlan plan, out long peak)
        {
            float[][] inputs = new float[Blocks][];
            network.Engine.InputObserver = (block, x) => inputs[block.Index] = network.Backend.ToHost(x);
            network.Backend.Memory.ResetPeaks();
            network.Gradients(plan, loose);
            peak = network.Backend.Memory.Peak[MemoryPurpose.Activations];
            return inputs;
        }
    }

    // Larger weights under the old norm: packed again, but without a power iteration.
    private static void Inflate(TestNetwork network, Parameter weight, float factor)
    {
        network.Backend.Upload<float>(
            Array.ConvertAll(network.Backend.ToHost(weight.Value), value => factor * value), weight.Value);
        network.Net.Invalidate();
        network.Net.PrepareInference(network.Data(0).Targets.Length / TestModel.Classes);
    }
}
