namespace RevUp.Tests.Runs;

[TestClass]
public sealed class ClassMeasuresTests
{
    /// <summary>
    /// Against the definition: the share of pairs in the right order, ties counted half.
    /// </summary>
    [TestMethod]
    [DataRow(2)]
    [DataRow(5)]
    public void AucIsTheShareOfPairsInTheRightOrder(int classes)
    {
        const int Samples = 60;
        Random random = new(classes);
        ClassTally tally = new(classes, Samples);
        float[][] logits = new float[Samples][];
        int[] labels = new int[Samples];
        for (int i = 0; i < Samples; i++)
        {
            // Few different values: ties are common.
            logits[i] = [.. Enumerable.Range(0, classes).Select(_ => (float)random.Next(3))];
            labels[i] = random.Next(classes);
            tally.Add(logits[i], labels[i]);
        }

        double mean = Enumerable.Range(0, classes).Average(k => Pairs(logits, labels, k));
        Assert.AreEqual(mean, tally.Measure().Auc, 1e-12);
    }

    [TestMethod]
    public void ConfidentAnswersAreStillInOrder()
    {
        // Softmax rounds both to 1 in double.
        ClassTally tally = new(2, 2);
        tally.Add([0, 60], 0);
        tally.Add([0, 61], 1);
        Assert.AreEqual(1, tally.Measure().Auc);
    }

    [TestMethod]
    public void TheCommonestClassAloneIsOneOfKAndChance()
    {
        ClassTally tally = new(3, 10);
        for (int i = 0; i < 10; i++)
        {
            tally.Add([1, 1, 0], i < 8 ? 0 : 1); // the first of equals is the answer
        }
        ClassMeasures measures = tally.Measure();

        CollectionAssert.AreEqual((double[])[1, 0, double.NaN], measures.Recall.ToArray());
        Assert.AreEqual(0.5, measures.BalancedAccuracy, "of the two classes that have samples");
        Assert.AreEqual(0.5, measures.Auc);
        Assert.AreEqual(2, measures.Confusion(actual: 1, predicted: 0));
        CollectionAssert.AreEqual((int[])[8, 2, 0], measures.Samples.ToArray());
    }

    [TestMethod]
    public void OneClassAloneHasNoAuc()
    {
        ClassTally tally = new(2, 1);
        tally.Add([0, 1], 1);
        Assert.AreEqual(double.NaN, tally.Measure().Auc);
    }

    [TestMethod]
    public void ConfusionsAreListedByTheirNumber()
    {
        ClassTally tally = new(3, 6);
        foreach ((int label, int predicted) in ((int, int)[])[(0, 0), (0, 2), (1, 0), (2, 1), (1, 0), (2, 2)])
        {
            float[] logits = new float[3];
            logits[predicted] = 1;
            tally.Add(logits, label);
        }
        CollectionAssert.AreEqual(
            (ClassConfusion[])[new(1, 0, 2), new(0, 2, 1), new(2, 1, 1)], tally.Measure().Frequent.ToArray());
    }

    [TestMethod]
    public void ManyClassesHaveRecallButNoMatrix()
    {
        const int Classes = ClassMeasures.MaximumConfusion + 1;
        ClassTally tally = new(Classes, 1 << 14);
        float[] logits = new float[Classes];
        logits[7] = 1;
        tally.Add(logits, 7);
        ClassMeasures measures = tally.Measure();

        Assert.IsFalse(measures.HasConfusion);
        Assert.AreEqual(1, measures.Recall[7]);
        Assert.AreEqual(double.NaN, measures.Auc, "too many outputs to keep");
    }

    private static double Pairs(float[][] logits, int[] labels, int k)
    {
        double right = 0;
        int pairs = 0;
        for (int i = 0; i < labels.Length; i++)
        {
            for (int j = 0; j < labels.Length; j++)
            {
                if (labels[i] == k && labels[j] != k)
                {
                    double difference = Probability(logits[i], k) - Probability(logits[j], k);
                    right += Math.Abs(difference) < 1e-12 ? 0.5 : difference > 0 ? 1 : 0;
                    pairs++;
                }
            }
        }
        return right / pairs;
    }

    private static double Probability(float[] logits, int k) =>
        Math.Exp(logits[k]) / logits.Sum(logit => Math.Exp(logit));
}
