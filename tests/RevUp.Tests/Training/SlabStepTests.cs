namespace RevUp.Tests.Training;

/// <summary>Whole training steps of U-Nets slab by slab, against steps on whole batches.</summary>
[TestClass]
public sealed class SlabStepTests
{
    private const int Batch = 2;

    private static readonly TrainingSettings s_training = new()
    {
        ClassWeights = [1, 3, 2],
        Dice = new DiceSettings { Weight = 1, Sums = DiceSums.Sample },
    };

    private static readonly InversionSettings s_tight = new() { Tolerance = 1e-7 };

    /// <summary>Slabs of one plane, and slabs that do not divide the extent (5 and 3).</summary>
    [TestMethod]
    [EveryBackend(false, MemoryPolicy.Store)]
    [EveryBackend(false, MemoryPolicy.Checkpoint)]
    [EveryBackend(false, MemoryPolicy.Compress)]
    [EveryBackend(false, MemoryPolicy.Invert)]
    [EveryBackend(true, MemoryPolicy.Store, SlowOnStandIn = true)]
    [EveryBackend(true, MemoryPolicy.Checkpoint, SlowOnStandIn = true)]
    [EveryBackend(true, MemoryPolicy.Compress, SlowOnStandIn = true)]
    [EveryBackend(true, MemoryPolicy.Invert)]
    public void LossAndGradientAreThoseOfTheWhole(TestDevice device, bool volume, MemoryPolicy policy)
    {
        TestModel model = volume ? TestUNet.WideVolume : TestUNet.WidePicture;
        (double loss, float[] gradients) = Step(device, model, new MemoryPlan { Policy = policy });
        // A number between two codes may fall on the other side.
        double tolerance = policy == MemoryPolicy.Compress ? 1e-4 : 1e-5;
        // The stand-in of a GPU takes a minute for a volume in single planes.
        foreach (int slab in (int[])(volume ? [3] : [1, 5]))
        {
            (double slabLoss, float[] slabGradients) =
                Step(device, model, new MemoryPlan { Policy = policy, Slab = slab });
            Assert.AreEqual(loss, slabLoss, 1e-6 * loss, $"{slab} planes");
            Assert.IsLessThanOrEqualTo(
                tolerance, Vectors.RelativeDifference(gradients, slabGradients), $"{slab} planes");
        }
    }

    // One step, whose update changes nothing.
    private static (double Loss, float[] Gradients) Step(TestDevice device, TestModel model, MemoryPlan plan)
    {
        using TestUNet network = new(device, model);
        using TrainingStep step = new(network.Net, s_training, plan, s_tight);
        ushort[] labels = [.. Vectors.Normal(4, Batch * model.Sample.Positions).Select(Label)];
        StepResult result =
            step.Run(Vectors.Normal(1, Batch * model.Sample.Count), labels, learningRateFactor: 0);
        Assert.AreEqual(0, step.Engine.Replays);
        return (result.Loss, network.Backend.ToHost(network.Net.Parameters.Gradients));
    }

    private static ushort Label(float value) =>
        value > 2 ? VoxelLabels.Ignored : (ushort)(value < -0.5 ? 0 : value < 0.5 ? 1 : 2);
}
