using System.Text.Json.Nodes;
using RevUp.Distributed;

namespace RevUp.Tests.Runs;

[TestClass]
public sealed class MetricsLogTests : FolderTest
{
    [TestMethod]
    public void AStepAndAnEvaluationAreOneLineEach()
    {
        using (MetricsLog log = new(Folder["m"], lastStep: 0))
        {
            InversionRecord[] records =
                [new(3, 0.01, 0.5, true, false), new(0, 0, 0, false, false), new(50, 0.2, 1.1, false, Replayed: true)];
            log.Step(
                7, epoch: 1, new StepResult(0.5, 0.75, 2, 0.1), milliseconds: 12.344, activationPeakBytes: 4096,
                records);
            log.Evaluation(7, epoch: 1, new EvaluationResult(0.9, 0.25, 100, LeftOut: 2));
        }
        string[] lines = File.ReadAllLines(Folder["m"]);
        AssertJson(
            """
            {
              "type": "step", "step": 7, "epoch": 1, "loss": 0.5, "top1": 0.75, "learningRate": 0.1,
                "milliseconds": 12.34,
              "activationPeakBytes": 4096, "evaluations": [3, 0, 50], "contractions": [0.5, null, 1.1],
                "worstResidual": 0.2, "replays": 1
            }
            """,
            lines[0]);
        AssertJson(
            """
            {"type":"evaluation","step":7,"epoch":1,"part":"test","loss":0.25,"top1":0.9,"samples":100,"leftOut":2}
            """,
            lines[1]);
        Assert.HasCount(2, lines);
    }

    [TestMethod]
    public void CoefficientsOfTheirOwnStandBesideWhatWasMeasured()
    {
        using (MetricsLog log = new(Folder["m"], lastStep: 0))
        {
            InversionRecord[] records = [new(3, 0.01, 0.43215, true, false), new(1, 0.001, double.NaN, true, false)];
            log.Step(
                7, epoch: 1, new StepResult(0.5, 0.75, 2, 0.1), milliseconds: 12, activationPeakBytes: 0, records,
                [1.23456f, 0.9f]);
        }
        JsonNode line = JsonNode.Parse(File.ReadAllLines(Folder["m"]).Single())!;
        AssertJson("[0.4322, null]", line["contractions"]!.ToJsonString());
        AssertJson("[1.2346, 0.9]", line["coefficients"]!.ToJsonString());
    }

    [TestMethod]
    public void TheWaitOfRanksStandsAtTheEndOfALine()
    {
        using (MetricsLog log = new(Folder["m"], lastStep: 0))
        {
            log.Step(
                7, epoch: 1, new StepResult(0.5, 0.75, 2, 0.1), milliseconds: 12, activationPeakBytes: 0, [],
                wait: new RankWait(1.234, 3, 0.5));
        }
        Assert.EndsWith(
            "\"replays\":0,\"waitMilliseconds\":1.23,\"slowestRank\":3,\"slowestRankWaitMilliseconds\":0.5}",
            File.ReadAllLines(Folder["m"]).Single());
        StepMetrics read = RunHistory.Read(Folder["m"]).Steps.Single();
        Assert.AreEqual(new RankWait(1.23, 3, 0.5), read.Wait);
    }

    [TestMethod]
    public void OpeningDropsWhatComesAfterTheStepAndWhatIsNoWholeLine()
    {
        string[] lines =
        [
            """{"type":"step","step":1,"epoch":0}""",
            """{"type":"evaluation","step":1,"epoch":0,"loss":0.25,"top1":0.5,"samples":10,"leftOut":1}""",
            """{"type":"step","step":2,"epoch":0}""", "not JSON", "3", "{}", """{"type":"step","step":3,"epoch":0}""",
            """{"type":"step","st""",
        ];
        File.WriteAllText(Folder["m"], string.Join('\n', lines));
        using (MetricsLog log = new(Folder["m"], lastStep: 2))
        {
            Assert.AreEqual(
                new EvaluationMetrics(1, 0, new EvaluationResult(0.5, 0.25, 10, LeftOut: 1)), log.Evaluations.Single());
            log.Evaluation(2, epoch: 0, new EvaluationResult(1, 0, 1));
            Assert.AreEqual(2, log.Evaluations[^1].Step);
        }
        string[] kept = File.ReadAllLines(Folder["m"]);
        CollectionAssert.AreEqual(lines[..3], kept[..^1]);
        Assert.Contains("\"evaluation\",\"step\":2", kept[^1]);
    }

    [TestMethod]
    public void WhatIsNotANumberIsNull()
    {
        using (MetricsLog log = new(Folder["m"], lastStep: 0))
        {
            log.Evaluation(1, epoch: 0, new EvaluationResult(0.5, double.NaN, 1));
        }
        AssertJson(
            """{"type":"evaluation","step":1,"epoch":0,"part":"test","loss":null,"top1":0.5,"samples":1,"leftOut":0}""",
            File.ReadAllLines(Folder["m"]).Single());
        using MetricsLog again = new(Folder["m"], lastStep: 1);
        Assert.IsTrue(double.IsNaN(again.Evaluations.Single().Result.Loss));
    }

    [TestMethod]
    [DataRow(3, DisplayName = "with a confusion matrix")]
    [DataRow(101, DisplayName = "without a confusion matrix")]
    public void MeasuresOfClassesComeBackAsTheyWere(int classes)
    {
        ClassTally tally = new(classes, 8);
        float[] logits = new float[classes];
        for (int i = 0; i < 8; i++)
        {
            logits[i % 3]++;
            tally.Add(logits, i % 2);
        }
        EvaluationResult result = new(0.5, 0.25, 8) { Part = DatasetSplit.Validation, Classes = tally.Measure() };
        using (MetricsLog log = new(Folder["m"], lastStep: 0))
        {
            log.Evaluation(1, epoch: 0, result);
        }
        using MetricsLog again = new(Folder["m"], lastStep: 1);
        EvaluationResult read = again.Evaluations.Single().Result;

        Assert.AreEqual(DatasetSplit.Validation, read.Part);
        Assert.AreEqual(result.BalancedAccuracy, read.BalancedAccuracy);
        Assert.AreEqual(result.Auc, read.Auc);
        CollectionAssert.AreEqual(result.Classes!.Recall.ToArray(), read.Classes!.Recall.ToArray());
        Assert.AreEqual(classes <= 100, read.Classes.HasConfusion);
        CollectionAssert.AreEqual(result.Classes.Frequent.ToArray(), read.Classes.Frequent.ToArray());
        Assert.IsGreaterThan(0, read.Classes.Frequent.Count);
        Assert.AreEqual(classes <= 100, result == read);
    }

    private static void AssertJson(string expected, string actual) =>
        Assert.AreEqual(JsonNode.Parse(expected)!.ToJsonString(), JsonNode.Parse(actual)!.ToJsonString());
}
