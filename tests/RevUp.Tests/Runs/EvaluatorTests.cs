namespace RevUp.Tests.Runs;

[TestClass]
public sealed class EvaluatorTests
{
    private const int Samples = 10;

    [TestMethod]
    [DataRow(10, DisplayName = "one batch")]
    [DataRow(4, DisplayName = "a last batch of two")]
    [DataRow(64, DisplayName = "a batch larger than the data")]
    public void TopOneAndLossAreMeansOverEverySample(int batch)
    {
        using SmallTraining training = Trained();
        SyntheticDataset data = SyntheticDataset.Create(Samples, new Shape(1, 8, 8, 1), 4, seed: 3);
        ChannelNormalization normalization = ChannelNormalization.Compute(data);
        double loss = 0;
        int correct = 0;
        for (int i = 0; i < Samples; i++)
        {
            float[] pixels = [.. data.Pixels(i).ToArray().Select(pixel => normalization.Table(0)[pixel])];
            float[] probabilities = training.Net.Predict(pixels);
            loss -= Math.Log(probabilities[data.Label(i)]);
            correct += Array.IndexOf(probabilities, probabilities.Max()) == data.Label(i) ? 1 : 0;
        }
        EvaluationResult result = Evaluator.Evaluate(training.Net, data, normalization, new() { BatchSize = batch });
        Assert.AreEqual(Samples, result.Samples);
        Assert.AreEqual((double)correct / Samples, result.Top1);
        Assert.AreEqual(loss / Samples, result.Loss, 1e-5 * loss);
    }

    /// <summary>
    /// The same figures as of a dataset without them, whatever the options say about replacing.
    /// </summary>
    [TestMethod]
    [DataRow(3)]
    [DataRow(Samples)]
    public void DamagedSamplesAreLeftOutAndCounted(int batch)
    {
        using SmallTraining training = Trained();
        SyntheticDataset data = SyntheticDataset.Create(Samples, new Shape(1, 8, 8, 1), 4, seed: 3);
        ChannelNormalization normalization = ChannelNormalization.Compute(data);
        int[] broken = [0, 3, 4, 5], good = [.. Enumerable.Range(0, Samples).Except(broken)];
        MemoryDataset rest = new(
            good.SelectMany(i => data.Pixels(i).ToArray()).ToArray(), good.Select(i => (byte)data.Label(i)).ToArray(),
            data.Sample, data.Classes);
        HookedDataset damaged = new(
            data,
            index => _ = broken.Contains(index) ? throw new DataFileException($"image-{index}", "broken.") : index);
        BatchLoaderOptions options =
            new() { BatchSize = batch, Damaged = new DamagedSamples(damaged, 0.4), ReplaceDamaged = true };

        EvaluationResult result = Evaluator.Evaluate(training.Net, damaged, normalization, options);

        EvaluationResult expected = Evaluator.Evaluate(training.Net, rest, normalization, new() { BatchSize = batch });
        Assert.AreEqual((expected.Top1, good.Length, broken.Length), (result.Top1, result.Samples, result.LeftOut));
        Assert.AreEqual(
            expected.Loss, result.Loss, 1e-5 * expected.Loss, "in other batches, so summed in another order");
        CollectionAssert.AreEqual(broken, options.Damaged.ToList().Select(sample => sample.Index).ToArray());
        BatchLoaderOptions strict = options with { Damaged = new DamagedSamples(damaged, 0.3) };
        Assert.Refuses<DataFileException>(
            () => Evaluator.Evaluate(training.Net, damaged, normalization, strict),
            "4 of 10 samples are damaged, more than data.maximumDamagedShare = 0.3");
    }

    [TestMethod]
    public void AnEvaluationThatIsStoppedLeavesNothingBehind()
    {
        using SmallTraining training = Trained();
        SyntheticDataset data = SyntheticDataset.Create(Samples, new Shape(1, 8, 8, 1), 4, seed: 3);
        ChannelNormalization normalization = ChannelNormalization.Compute(data);
        int live = training.Net.Backend.Memory.LiveCount;
        CancellationToken stopped = new(canceled: true);
        BatchLoaderOptions batches = new() { BatchSize = Samples };
        Assert.ThrowsExactly<OperationCanceledException>(
            () => Evaluator.Evaluate(training.Net, data, normalization, batches, stop: stopped));
        Assert.AreEqual(live, training.Net.Backend.Memory.LiveCount);
    }

    [TestMethod]
    public void NothingOfTheTrainingStateChanges()
    {
        using SmallTraining training = Trained(), undisturbed = Trained();
        float[] before = training.State();
        int live = training.Net.Backend.Memory.LiveCount;
        SyntheticDataset data = SyntheticDataset.Create(Samples, new Shape(1, 8, 8, 1), 4, seed: 3);
        Evaluator.Evaluate(
            training.Net, data, ChannelNormalization.Compute(data), new() { BatchSize = 4, Workers = 1 });
        CollectionAssert.AreEqual(before, training.State());
        Assert.AreEqual(live, training.Net.Backend.Memory.LiveCount);

        Assert.AreEqual(undisturbed.Run(16, 8), training.Run(16, 8));
        CollectionAssert.AreEqual(undisturbed.State(), training.State());
        CollectionAssert.AreEqual(
            undisturbed.Gradients(ParameterGroup.Weights), training.Gradients(ParameterGroup.Weights));
    }

    [TestMethod]
    public void EvaluatingAgainGivesTheSameBits()
    {
        using SmallTraining training = Trained();
        SyntheticDataset data = SyntheticDataset.Create(Samples, new Shape(1, 8, 8, 1), 4, seed: 3);
        ChannelNormalization normalization = ChannelNormalization.Compute(data);
        EvaluationResult first = Evaluator.Evaluate(
            training.Net, data, normalization, new() { BatchSize = 4, Workers = 1 });
        Assert.AreEqual(
            first, Evaluator.Evaluate(training.Net, data, normalization, new() { BatchSize = 4, Workers = 3 }));
    }

    private static SmallTraining Trained()
    {
        SmallTraining training = new();
        training.Run(0, 8);
        training.Run(8, 8);
        return training;
    }
}
