namespace RevUp.Tests.Training;

/// <summary>Steps on labels of positions.</summary>
[TestClass]
public sealed class SegmentationStepTests
{
    private static readonly TestDevice s_cpu = TestDevice.All.Single(device => device.ToString() == "cpu");
    private static readonly TestDevice s_cuda = TestDevice.All.Single(device => device.ToString() == "cuda");

    private static readonly OptimizerSettings s_optimizer = new() { LearningRate = 0.1, WeightDecay = 0 };

    [TestMethod]
    [DataRow(MemoryPolicy.Invert)]
    [DataRow(MemoryPolicy.Store)]
    public void ASmallUNetLearnsDisks(MemoryPolicy policy)
    {
        using DiskTraining disks = new(s_cpu, policy, extent: 24, channels: 8);
        StepResult[] results = disks.Train(120);
        Assert.IsGreaterThan(0.95, results[^1].Top1, $"{results[^1]}");
        (long both, long sum) = (0, 0);
        for (int batch = 0; batch < 4; batch++)
        {
            (float[] pixels, ushort[] labels) = disks.Data(100_000 + batch);
            ushort[] found = disks.Segment(pixels);
            both += labels.Zip(found).Count(pair => pair is (1, 1));
            sum += labels.Count(label => label == 1) + found.Count(label => label == 1);
        }
        Assert.IsGreaterThan(0.9, 2.0 * both / sum, $"{results[0]}, {results[^1]}");
    }

    /// <summary>Logits start at zero: loss and measure of the first step are known.</summary>
    [TestMethod]
    [EveryBackend]
    public void TheFirstStepHasTheLossOfEqualLogits(TestDevice device)
    {
        TrainingSettings settings = new()
        {
            ClassWeights = [1, 3],
            Dice = new DiceSettings { Weight = 2, Sums = DiceSums.Sample, Background = true },
        };
        using DiskTraining disks = new(device, MemoryPolicy.Store, settings);
        (float[] pixels, ushort[] labels) = disks.Data(0, batch: 2);
        (labels[3], labels[300]) = (VoxelLabels.Ignored, VoxelLabels.Ignored);
        double dice = 0;
        foreach (ushort[] sample in labels.Chunk(256))
        {
            double counted = sample.Count(label => label < 2);
            dice += Enumerable.Range(0, 2).Sum(c => sample.Count(label => label == c) is var g
                ? (g + 1e-5) / ((counted / 2) + g + 1e-5)
                : 0);
        }
        StepResult result = disks.Step.Run(pixels, labels, 1);
        Assert.AreEqual(Math.Log(2) + (2 * (1 - (dice / 4))), result.Loss, 1e-6);
        Assert.AreEqual(labels.Count(label => label == 0) / 510.0, result.Top1, 1e-12);
    }

    [TestMethod]
    [EveryBackend]
    public void StagedStepsAreTheSteps(TestDevice device)
    {
        using DiskTraining one = new(device, MemoryPolicy.Invert), two = new(device, MemoryPolicy.Invert);
        StepResult[] expected = one.Train(4), actual = new StepResult[4];
        for (int i = 0; i < 4; i++)
        {
            (float[] pixels, ushort[] labels) = two.Data(i);
            two.Step.Stage(pixels, labels);
            if (two.Step.IsInFlight)
            {
                actual[i - 1] = two.Step.Finish();
            }
            labels.AsSpan().Fill(VoxelLabels.Ignored); // the step's are on their way
            two.Step.Start(1);
        }
        actual[^1] = two.Step.Finish();
        CollectionAssert.AreEqual(expected, actual);
        CollectionAssert.AreEqual(one.State(), two.State());
    }

    [TestMethod]
    public void AGraphChangesNoBit()
    {
        TrainingSettings settings = new() { Optimizer = s_optimizer, ClassWeights = [1, 2] };
        using DiskTraining plain = new(s_cuda, MemoryPolicy.Invert, settings);
        using DiskTraining recorded = new(s_cuda, MemoryPolicy.Invert, settings with { CudaGraph = true });
        CollectionAssert.AreEqual(plain.Train(5), recorded.Train(5));
        CollectionAssert.AreEqual(plain.State(), recorded.State());
        Assert.IsGreaterThan(0, recorded.Step.Recordings);
    }

    /// <summary>Dice of each sample, and as many labels in each: a mean of means.</summary>
    [TestMethod]
    [EveryBackend]
    public void TwoBatchesOfTwoAreOneOfFour(TestDevice device)
    {
        TrainingSettings settings = new()
        {
            Optimizer = s_optimizer,
            Dice = new DiceSettings { Sums = DiceSums.Sample },
        };
        using DiskTraining parts = new(device, MemoryPolicy.Store, settings);
        using DiskTraining whole = new(device, MemoryPolicy.Store, settings);
        (float[] pixels, ushort[] labels) = whole.Data(0);
        StepResult expected = whole.Step.Run(pixels, labels, 1);
        parts.Step.Accumulate(pixels.AsSpan(..512), labels.AsSpan(..512));
        parts.Step.Accumulate(pixels.AsSpan(512..), labels.AsSpan(512..));
        StepResult actual = parts.Step.Update(1);
        Assert.AreEqual(expected.Loss, actual.Loss, 1e-6);
        Assert.AreEqual(expected.Top1, actual.Top1, 1e-12);
        Assert.IsLessThanOrEqualTo(1e-6, Vectors.RelativeDifference(whole.State(), parts.State()));
    }

    [TestMethod]
    [EveryBackend]
    public void WithoutALabelNothingIsLearnt(TestDevice device)
    {
        using DiskTraining disks = new(
            device, MemoryPolicy.Invert, new TrainingSettings { Optimizer = s_optimizer });
        float[] before = disks.State();
        (float[] pixels, ushort[] labels) = disks.Data(0);
        labels.AsSpan().Fill(VoxelLabels.Ignored);
        Assert.AreEqual(new StepResult(0, 0, 0, s_optimizer.LearningRate), disks.Step.Run(pixels, labels, 1));
        CollectionAssert.AreEqual(before, disks.State());
    }

    [TestMethod]
    public void TargetsOfAnotherTaskAreRefused()
    {
        using DiskTraining disks = new(s_cpu, MemoryPolicy.Store);
        using SmallTraining classifier = new();
        foreach (Action call in (Action[])[
            () => disks.Step.Run(new float[256], new float[2], 1),
            () => disks.Step.Stage(new float[256], new float[2]),
            () => disks.Step.Accumulate(new float[256], new float[2])])
        {
            Assert.Contains(
                "Call the overload that takes ReadOnlySpan<ushort> labels, [N, (D), H, W].",
                Assert.ThrowsExactly<ArgumentException>(call).Message);
        }
        foreach (Action call in (Action[])[
            () => classifier.Step.Run(new float[64], new ushort[64], 1),
            () => classifier.Step.Run(new float[64], [0, 1, 0], 1), // whole literals are labels to C#
            () => classifier.Step.Stage(new float[64], new ushort[64]),
            () => classifier.Step.Accumulate(new float[64], new ushort[64])])
        {
            Assert.Contains(
                "Call the overload that takes ReadOnlySpan<float> targets, [N, classes], such as [1f, 0f].",
                Assert.ThrowsExactly<ArgumentException>(call).Message);
        }
    }

    [TestMethod]
    public void LabelsThatDoNotFitAreRefused()
    {
        using DiskTraining disks = new(s_cpu, MemoryPolicy.Store);
        ushort[] labels = new ushort[512];
        labels[256 + 17] = 2;
        Assert.Contains(
            "labels[273], position 17 of sample 1, is 2, and the network has 2 classes; use 0 to 1, or "
            + "VoxelLabels.Ignored",
            Assert.ThrowsExactly<ArgumentException>(() => disks.Step.Run(new float[512], labels, 1)).Message);
        Assert.Contains(
            "512 pixels and 511 labels are not a batch of samples [1, 16, 16, 1] with 256 labels of positions each.",
            Assert.ThrowsExactly<ArgumentException>(() => disks.Step.Run(new float[512], labels.AsSpan(1), 1)).Message);
    }

    [TestMethod]
    public void SettingsOfTheLossAreChecked()
    {
        Refused("training.dice.weight is -1", new TrainingSettings { Dice = new DiceSettings { Weight = -1 } });
        Refused("training.classWeights has 3 numbers", new TrainingSettings { ClassWeights = [1, 2, 3] });
        Refused("training.balanceClasses is true", new TrainingSettings { BalanceClasses = true });
        Refused("training.labelSmoothing is 0.1", new TrainingSettings { LabelSmoothing = 0.1 });
        Assert.Contains(
            "training.dice is given, and model.task 'classification' has no Dice",
            SmallRecipe.Refusal("training.dice.sums=sample"));
        Assert.Contains("use one of \"batch\", \"sample\"", SmallRecipe.Refusal("training.dice.sums=slice"));

        static void Refused(string message, TrainingSettings settings) => Assert.Contains(
            message,
            Assert.ThrowsExactly<ConfigurationException>(
                () => new DiskTraining(s_cpu, MemoryPolicy.Store, settings).Dispose()).Message);
    }
}
