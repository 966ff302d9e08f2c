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

    [TestMethod]
    public void WeightsAndBalanceExcludeEachOther()
    {
        Assert.Contains(
            "leave one of them out",
            SmallRecipe.Refusal("training.balanceClasses=true", "training.classWeights=[1,2,3,4]"));
        Assert.Contains("use positive numbers", SmallRecipe.Refusal("training.classWeights=[1,0,1,1]"));
    }
}
