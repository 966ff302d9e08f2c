namespace RevUp.Tests.Runs;

/// <summary>
/// The measures of several labels and of a regression, against their definitions.
/// </summary>
[TestClass]
public sealed class OutputTallyTests
{
    private static readonly EvaluationResult s_result = new(0.5, 1, 4);

    [TestMethod]
    public void MeasuresOfLabelsAreTheirDefinitions()
    {
        // Label 0, by falling logit: has, has not, has, has not: AP = (1/1 + 2/3) / 2. Label 1: all
        // logits equal, so one group: AP = 3/4. Label 2: no sample has it.
        float[] outputs = [3, 1, -1, 2, 1, -1, 1, 1, -1, -1, 1, 1];
        float[] targets = [1, 1, 0, 0, 1, 0, 1, 0.6f, 0, 0, 0.5f, 0];
        LabelMeasures measures = Complete(ModelTask.MultiLabel, 3, outputs, targets).Labels!;
        CollectionAssert.AreEqual(new[] { 2, 3, 0 }, measures.Samples.ToArray());
        Assert.AreEqual((1 + 2.0 / 3) / 2, measures.AveragePrecision[0], 1e-15);
        Assert.AreEqual(0.75, measures.AveragePrecision[1], 1e-15);
        Assert.IsTrue(double.IsNaN(measures.AveragePrecision[2]));
        Assert.AreEqual((0.75 + (1 + 2.0 / 3) / 2) / 2, measures.MeanAveragePrecision, 1e-15);
        // Found 2 + 3 of 5, and answered 3 + 4 + 1.
        Assert.AreEqual(2.0 * 5 / (5 + 8), measures.F1, 1e-15);
    }

    [TestMethod]
    public void MeasuresOfErrorsAreTheirDefinitions()
    {
        float[] outputs = [1, 7, 2, 7, 4, 7], targets = [2, 7, 2, 7, 3, 7];
        EvaluationResult result = Complete(ModelTask.Regression, 2, outputs, targets);
        Assert.AreEqual(2.0 / 3, result.AbsoluteErrors[0], 1e-15);
        Assert.AreEqual(0, result.AbsoluteErrors[1]);
        Assert.AreEqual(1.0 / 3, result.MeanAbsoluteError, 1e-15);
        // The mean of 2, 2, 3 is 7/3, and the squares about it sum to 2/3; the errors' to 2. The
        // other number's targets are all equal, and it has no R².
        Assert.AreEqual(1 - 2 / (2.0 / 3), result.R2, 1e-14);
        Assert.IsTrue(double.IsNaN(result.Top1));
    }

    /// <summary>
    /// Far from 0, where a difference of sums of squares has no digit left; over two batches, whose
    /// means differ.
    /// </summary>
    [TestMethod]
    public void TargetsFarFromZeroKeepTheirSpread()
    {
        float[] targets = [100_000, 100_001, 100_002, 100_003], outputs = [.. targets.Select(t => t + 0.5f)];
        OutputTally tally = OutputTally.Of(ModelTask.Regression, outputs: 1, batches: 2, capacity: 4);
        tally.Add(0, outputs.AsSpan(0, 3), targets.AsSpan(0, 3));
        tally.Add(1, outputs.AsSpan(3), targets.AsSpan(3));
        Assert.AreEqual(1 - 4 * 0.25 / 5, tally.Complete(s_result).R2, 1e-12);
    }

    /// <summary>Two ranks with a batch each, in either order, have the result of one.</summary>
    [TestMethod]
    [DataRow(ModelTask.MultiLabel)]
    [DataRow(ModelTask.Regression)]
    [DataRow(ModelTask.Classification)]
    public void PartsOfRanksAreTheWhole(ModelTask task)
    {
        const int K = 3, Batch = 5;
        float[] outputs = Vectors.Normal(1, 2 * Batch * K);
        float[] targets = [.. Vectors.Normal(2, 2 * Batch * K).Select(value => value > 0 ? 1f : 0)];
        OutputTally whole = OutputTally.Of(task, K, batches: 2, 2 * Batch);
        OutputTally[] parts = [.. Enumerable.Range(0, 2).Select(_ => OutputTally.Of(task, K, batches: 2, 2 * Batch))];
        for (int batch = 0; batch < 2; batch++)
        {
            Range own = (batch * Batch * K)..((batch + 1) * Batch * K);
            whole.Add(batch, outputs.AsSpan(own), targets.AsSpan(own));
            parts[batch].Add(batch, outputs.AsSpan(own), targets.AsSpan(own));
        }
        string expected = Figures(whole);
        byte[] second = Written(parts[1]), first = Written(parts[0]);
        Read(parts[0], second);
        Read(parts[1], first);
        Assert.AreEqual(expected, Figures(parts[0]));
        Assert.AreEqual(expected, Figures(parts[1]));

        static string Figures(OutputTally tally)
        {
            EvaluationResult result = tally.Complete(s_result);
            IEnumerable<double> figures =
                [result.F1, result.R2, result.Auc, .. result.AveragePrecision, .. result.AbsoluteErrors];
            return string.Join(" ", figures.Select(BitConverter.DoubleToInt64Bits));
        }

        static byte[] Written(OutputTally tally)
        {
            using MemoryStream stream = new();
            using BinaryWriter writer = new(stream);
            tally.Write(writer);
            return stream.ToArray();
        }

        static void Read(OutputTally tally, byte[] bytes)
        {
            using BinaryReader reader = new(new MemoryStream(bytes));
            tally.Add(reader);
        }
    }

    private static EvaluationResult Complete(ModelTask task, int outputs, float[] values, float[] targets)
    {
        OutputTally tally = OutputTally.Of(task, outputs, batches: 1, values.Length / outputs);
        tally.Add(0, values, targets);
        return tally.Complete(s_result);
    }
}
