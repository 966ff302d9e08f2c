namespace RevUp.Tests.Training;

/// <summary>
/// Steps in slabs have the logits of one slab at a time. There are more classes than channels, one
/// of which no label has, and labels that do not count.
/// </summary>
[TestClass]
public sealed class SlabLossTests
{
    private const int Batch = 2;
    private const int Classes = 40;
    private const int Absent = 7;

    private static readonly InversionSettings s_tight = new() { Tolerance = 1e-7 };

    [TestMethod]
    [EveryBackend(false, DiceSums.Batch)]
    [EveryBackend(false, DiceSums.Sample)]
    [EveryBackend(true, DiceSums.Batch)]
    [EveryBackend(true, DiceSums.Sample, SlowOnStandIn = true)]
    public void LossAndGradientAreThoseOfTheWhole(TestDevice device, bool volume, DiceSums sums)
    {
        using Scene whole = new(device, volume, Settings(sums), slab: 0);
        StepResult expected = whole.Run();
        foreach (int slab in volume ? (int[])[3] : [1, 3])
        {
            using Scene slabs = new(device, volume, Settings(sums), slab);
            StepResult actual = slabs.Run();
            Assert.AreEqual(expected.Loss, actual.Loss, 1e-6 * expected.Loss, $"{slab} planes");
            Assert.AreEqual(expected.Top1, actual.Top1, 1e-12, $"{slab} planes");
            Assert.IsLessThanOrEqualTo(
                1e-5, Vectors.RelativeDifference(whole.Gradients(), slabs.Gradients()), $"{slab} planes");
        }
    }

    /// <summary>
    /// Along a random direction, against central differences of a twin in float64.
    /// </summary>
    [TestMethod]
    [EveryBackend(DiceSums.Batch)]
    [EveryBackend(DiceSums.Sample)]
    public void LossAndGradientAreThoseOfTheTwin(TestDevice device, DiceSums sums)
    {
        const double Step = 1e-5;
        using Scene slabs = new(device, volume: false, Settings(sums), slab: 3, BlockKind.Residual);
        StepResult actual = slabs.Run();
        UNetTwin twin = new(slabs.Net, Batch);
        Dictionary<string, double[]> values = slabs.Net.Parameters.Parameters.ToDictionary(
            p => p.Name, p => slabs.Backend.ToHost(p.Value).Widen());
        Dictionary<string, double[]> directions = slabs.Net.Parameters.Parameters.ToDictionary(
            p => p.Name, p => Vectors.Normal(50, p.Shape.Count).Widen());
        double derivative = slabs.Net.Parameters.Parameters.Sum(
            p => Vectors.Dot(directions[p.Name], slabs.Backend.ToHost(p.Gradient).Widen()));

        Assert.AreEqual(Loss(0), actual.Loss, 1e-5 * actual.Loss);
        double expected = (Loss(Step) - Loss(-Step)) / (2 * Step);
        Assert.AreEqual(expected, derivative, 1e-4 * Math.Abs(expected));

        double Loss(double step)
        {
            Dictionary<string, double[]> moved = values.ToDictionary(
                entry => entry.Key,
                entry => entry.Value.Zip(directions[entry.Key], (v, d) => v + (step * d)).ToArray());
            return VoxelLossTwin.Loss(
                twin.Logits(moved, slabs.Pixels.Widen()), slabs.Labels, Batch, Weights(), sums == DiceSums.Sample);
        }
    }

    [TestMethod]
    [EveryBackend]
    public void TwoBatchesAreTheSumOfTwoSteps(TestDevice device)
    {
        using Scene once = new(device, volume: false, Settings(DiceSums.Sample), slab: 3);
        using Scene twice = new(device, volume: false, Settings(DiceSums.Sample), slab: 3);
        StepResult expected = once.Run();
        twice.Step.Accumulate(twice.Pixels, twice.Labels);
        twice.Step.Accumulate(twice.Pixels, twice.Labels);
        StepResult actual = twice.Step.Update(0);
        Assert.AreEqual(expected.Loss, actual.Loss, 1e-12);
        Assert.AreEqual(expected.Top1, actual.Top1, 1e-12);
        Assert.IsLessThanOrEqualTo(
            1e-6, Vectors.RelativeDifference(
                once.Gradients(), [.. twice.Gradients().Select(gradient => gradient / 2)]));
    }

    [TestMethod]
    [EveryBackend]
    public void AStepThatDivergesLeavesNothingBehind(TestDevice device)
    {
        using Scene slabs = new(device, volume: false, Settings(DiceSums.Batch), slab: 3);
        slabs.Run();
        (int live, float pixel) = (slabs.Backend.Memory.LiveCount, slabs.Pixels[0]);
        slabs.Pixels[0] = float.NaN;
        Assert.ThrowsExactly<TrainingDivergedException>(() => slabs.Run());
        Assert.AreEqual(live, slabs.Backend.Memory.LiveCount);
        slabs.Pixels[0] = pixel;
        slabs.Run();
        Assert.AreEqual(live, slabs.Backend.Memory.LiveCount);
    }

    [TestMethod]
    public void AGraphChangesNoBit()
    {
        TestDevice cuda = TestDevice.All.Single(device => device.ToString() == "cuda");
        TrainingSettings settings = Settings(DiceSums.Batch);
        using Scene plain = new(cuda, volume: false, settings, slab: 6);
        using Scene recorded = new(cuda, volume: false, settings with { CudaGraph = true }, slab: 6);
        for (int i = 0; i < 4; i++)
        {
            Assert.AreEqual(plain.Run(1), recorded.Run(1));
        }
        Assert.IsGreaterThan(0, recorded.Step.Recordings);
    }

    private static TrainingSettings Settings(DiceSums sums) => new()
    {
        ClassWeights = Weights(),
        Dice = new DiceSettings { Weight = 1, Sums = sums },
        Optimizer = new OptimizerSettings { LearningRate = 0.01, WeightDecay = 0 },
    };

    private static double[] Weights() => [.. Enumerable.Range(0, Classes).Select(c => 1 + (0.25 * (c % 3)))];

    private sealed class Scene : IDisposable
    {
        public Scene(
            TestDevice device, bool volume, TrainingSettings training, int slab,
            BlockKind block = BlockKind.Invertible)
        {
            TestModel model = volume ? TestUNet.WideVolume : TestUNet.WidePicture;
            Backend = device.Open();
            Net = new RevUpNet(Backend, model.Settings with { Block = block }, model.Sample, Classes, seed: 5);
            MemoryProbe.DrawZeroConvolutions(Net, seed: 3);
            Parameter head = Net.Parameters.Parameters.Single(p => p.Name == "head.weight");
            Backend.Upload<float>(Vectors.Normal(7, head.Shape.Count), head.Value);
            MemoryPolicy policy = block == BlockKind.Invertible ? MemoryPolicy.Invert : MemoryPolicy.Store;
            Step = new TrainingStep(Net, training, new MemoryPlan { Policy = policy, Slab = slab }, s_tight);
            Pixels = Vectors.Normal(1, Batch * model.Sample.Count);
            Labels = [.. Vectors.Normal(4, Batch * model.Sample.Positions).Select(Label)];
        }

        public Backend Backend { get; }

        public RevUpNet Net { get; }

        public TrainingStep Step { get; }

        public float[] Pixels { get; }

        public ushort[] Labels { get; }

        public StepResult Run(double learningRateFactor = 0) => Step.Run(Pixels, Labels, learningRateFactor);

        public float[] Gradients() => Backend.ToHost(Net.Parameters.Gradients);

        public void Dispose()
        {
            Step.Dispose();
            Net.Dispose();
            Backend.Dispose();
        }

        private static ushort Label(float value)
        {
            int label = (int)Math.Abs(value * 1000) % (Classes + 3);
            return label < Classes && label != Absent ? (ushort)label : VoxelLabels.Ignored;
        }
    }
}
