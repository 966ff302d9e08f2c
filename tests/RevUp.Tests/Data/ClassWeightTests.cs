namespace RevUp.Tests.Data;

[TestClass]
public sealed class ClassWeightTests
{
    [TestMethod]
    public void ATargetIsMultipliedByTheWeightOfItsClass()
    {
        using MemoryDataset data = new(
            (byte[])[1, 2, 3, 4], (byte[])[0, 1, 2, 1], new Shape(1, 1, 1, 1), ["a", "b", "c"]);
        ChannelNormalization normalization = new([0], [1]);
        BatchLoaderOptions options = new()
        {
            BatchSize = 4,
            ClassWeights = [1, 0.5f, 4],
            Augmentation = new Augmentation { LabelSmoothing = 0.3 },
        };
        using BatchLoader loader = new(data, normalization, options);
        using Batch batch = loader.Epoch(0).First();

        float[] expected =
        [
            0.8f, 0.1f * 0.5f, 0.1f * 4,
            0.1f, 0.8f * 0.5f, 0.1f * 4,
            0.1f, 0.1f * 0.5f, 0.8f * 4,
            0.1f, 0.8f * 0.5f, 0.1f * 4,
        ];
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.AreEqual(expected[i], batch.Targets[i], 1e-6f);
        }
    }

    [TestMethod]
    public void WeightsOfAnotherNumberOfClassesAreRefused()
    {
        using MemoryDataset data = new((byte[])[1, 2], (byte[])[0, 1], new Shape(1, 1, 1, 1), ["a", "b"]);
        BatchLoaderOptions options = new() { BatchSize = 2, ClassWeights = [1, 1, 1] };
        Assert.Refuses<ConfigurationException>(
            () => new BatchLoader(data, new ChannelNormalization([0], [1]), options),
            "training.classWeights has 3 numbers, and the data has 2 classes");
    }

    [TestMethod]
    public void BalancedWeightsMakeClassesCountTheSame()
    {
        using MemoryDataset train = new(
            (byte[])[1, 2, 3, 4], (byte[])[0, 0, 0, 1], new Shape(1, 1, 1, 1), ["a", "b"]);
        Recipe recipe = SmallRecipe.Create();
        RunData data = RunData.Borrow(recipe, train, train, validation: null);
        float[] weights = [.. data.ClassWeights(new TrainingSettings { BalanceClasses = true })!];
        CollectionAssert.AreEqual((float[])[4f / 6, 2f], weights);
        Assert.IsNull(data.ClassWeights(new TrainingSettings()));
    }

    /// <summary>Labels 0, 0, 0, 1 and one that does not count, over two cases.</summary>
    [TestMethod]
    public void PositionsOfLabelMapsAreCounted()
    {
        using ArrayCases cases = new(
            [[1, 1, 2], [1, 1, 3]], classes: 3, (_, _, _, _) => 0,
            (index, _, _, w) => (index, w) switch { (0, 1) => 1, (1, 2) => VoxelLabels.Ignored, _ => 0 });
        using DensePatches train = new(cases, new Shape(1, 1, 1, 2, 1), new DenseSettings());
        RunData data = RunData.Borrow(SmallRecipe.Create(), train, train, validation: null);
        TrainingSettings step = data.OfStep(new TrainingSettings { BalanceClasses = true });
        Assert.IsFalse(step.BalanceClasses);
        double[] expected = [4.0 / 6, 2, 1];
        for (int label = 0; label < expected.Length; label++)
        {
            Assert.AreEqual(expected[label], step.ClassWeights[label], 1e-6);
        }
        Assert.IsEmpty(data.OfStep(new TrainingSettings()).ClassWeights);
    }

    [TestMethod]
    public void WeightsAndBalanceExcludeEachOther()
    {
        Assert.Contains(
            "leave one of them out",
            SmallRecipe.Refusal("training.balanceClasses=true", "training.classWeights=[1,2,3,4]"));
        Assert.Contains("use positive numbers", SmallRecipe.Refusal("training.classWeights=[1,0,1,1]"));
    }
}
