using RevUp.Models;
using RevUp.Reversible;
using RevUp.Tests.Support;

namespace RevUp.Tests.Reversible;

/// <summary>Gradients of whole U-Nets under every policy.</summary>
[TestClass]
public sealed class UNetGradientTests
{
    private static readonly Dictionary<string, TestModel> s_models = new()
    {
        ["picture"] = TestUNet.Picture,
        ["volume"] = TestUNet.Volume,
        ["mapped"] = TestUNet.Mapped,
        ["free"] = TestUNet.Free,
    };

    [TestMethod]
    [EveryBackend("picture")]
    [EveryBackend("volume")]
    [EveryBackend("mapped")]
    [EveryBackend("free")]
    public void InvertedGradientsAreThoseOfStore(TestDevice device, string name)
    {
        using TestUNet network = new(device, s_models[name]);
        float[] stored = network.Gradients(MemoryPolicy.Store);
        Assert.IsLessThanOrEqualTo(
            1e-4, Vectors.RelativeDifference(
                stored, network.Gradients(MemoryPolicy.Invert, new InversionSettings { Tolerance = 1e-6 })));
        Assert.IsTrue(network.Net.Blocks.All(
            block => block.IsRecomputed || network.Engine.Records[block.Index].Evaluations > 1));
        Assert.AreEqual(0, network.Engine.Replays);
        Assert.IsLessThanOrEqualTo(
            0.03, Vectors.RelativeDifference(
                stored, network.Gradients(MemoryPolicy.Invert, new InversionSettings())));
        Assert.AreEqual(0, network.Engine.Replays);
    }

    /// <summary>The skip is rebuilt in any case: to rounding.</summary>
    [TestMethod]
    [EveryBackend("picture")]
    [EveryBackend("volume")]
    public void OtherPoliciesGiveTheGradientsOfStore(TestDevice device, string name)
    {
        using TestUNet network = new(device, s_models[name]);
        float[] stored = network.Gradients(MemoryPolicy.Store);
        CollectionAssert.AreEqual(stored, network.Gradients(MemoryPolicy.Checkpoint));
        Assert.IsLessThanOrEqualTo(1e-4, Vectors.RelativeDifference(
            stored, network.Gradients(new MemoryPlan { AnchorEvery = 2 })));
        for (int turn = 0; turn < 3; turn++)
        {
            MemoryPolicy[] policies = [MemoryPolicy.Store, MemoryPolicy.Invert, MemoryPolicy.Checkpoint];
            MemoryPlan plan = new()
            {
                Policy = MemoryPolicy.Auto,
                Blocks = [.. Enumerable.Range(turn, network.Net.Blocks.Count).Select(i => policies[i % 3])],
            };
            Assert.IsLessThanOrEqualTo(
                1e-4, Vectors.RelativeDifference(stored, network.Gradients(plan)), $"turn {turn}");
        }
    }

    /// <summary>
    /// An input is off by half a step of a code, and by that of one more where a transition keeps
    /// what is exact.
    /// </summary>
    [TestMethod]
    [EveryBackend("picture")]
    [EveryBackend("volume")]
    public void MoreBitsAreABetterGradient(TestDevice device, string name)
    {
        TestModel model = s_models[name];
        LipschitzSettings none = new() { Mode = LipschitzMode.None };
        using TestUNet network = new(device, model with { Settings = model.Settings with { Lipschitz = none } });
        float[] stored = network.Gradients(MemoryPolicy.Store);
        double four = Error(4), eight = Error(8);
        Assert.IsTrue(eight > 0 && eight < four, $"4 bits: {four}, 8 bits: {eight}");
        Assert.IsLessThanOrEqualTo(Math.Sqrt(Math.Pow(2, -8)), eight);
        Assert.IsLessThanOrEqualTo(Math.Sqrt(Math.Pow(2, -4)), four);

        double Error(int bits) => Vectors.RelativeDifference(
            stored, network.Gradients(new MemoryPlan { Policy = MemoryPolicy.Compress, CompressBits = bits }));
    }

    /// <summary>
    /// The limit is what the inversions are accepted by: at the tolerance of an exact inversion none
    /// of one evaluation is. Each input is then recomputed, those of a decoder through the skip.
    /// </summary>
    [TestMethod]
    [EveryBackend("picture")]
    [EveryBackend("volume")]
    [EveryBackend("mapped")]
    [EveryBackend("free")]
    public void RefusedInversionsGiveTheGradientOfStore(TestDevice device, string name)
    {
        using TestUNet network = new(device, s_models[name]);
        float[] stored = network.Gradients(MemoryPolicy.Store);
        InversionSettings refused = TestNetwork.Exact with { MaximumEvaluations = 1, HardLimit = InversionSettings.Exact };
        float[] replayed = network.Gradients(MemoryPolicy.Invert, refused);
        int inverted = network.Net.Blocks.Count(block => !block.IsRecomputed);
        Assert.AreEqual(inverted, network.Engine.Replays);
        Assert.IsLessThanOrEqualTo(1e-5, Vectors.RelativeDifference(stored, replayed));
    }

    /// <summary>The baseline: nothing bounded, inputs kept.</summary>
    [TestMethod]
    [EveryBackend]
    public void ResidualBlocksAreStored(TestDevice device)
    {
        using TestUNet network = new(device, TestUNet.Residual);
        float[] stored = network.Gradients(MemoryPolicy.Store);
        CollectionAssert.AreEqual(stored, network.Gradients(MemoryPolicy.Checkpoint));
        Assert.IsGreaterThan(0.0, stored.Max(Math.Abs));
    }
}
