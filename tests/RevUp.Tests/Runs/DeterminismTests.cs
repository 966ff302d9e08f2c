namespace RevUp.Tests.Runs;

[TestClass]
public sealed class DeterminismTests
{
    [TestMethod]
    public void TheSameSeedGivesTheSameBytesAndAnotherSeedOthers()
    {
        const string Short = "training.epochs=1", Few = "data.trainingSamples=16";
        using TemporaryFolder folder = new();
        TestRuns.Finish(SmallRecipe.Create(Short, Few), folder["a"], threads: 2);
        TestRuns.Finish(SmallRecipe.Create(Short, Few), folder["b"], threads: 2);
        TestRuns.AssertSameState(folder["a"], folder["b"]);
        CollectionAssert.AreEqual(TestRuns.Metrics(folder["a"]), TestRuns.Metrics(folder["b"]));

        TestRuns.Finish(SmallRecipe.Create(Short, Few, "training.seed=2"), folder["c"], threads: 2);
        CollectionAssert.AreNotEqual(
            TestRuns.Bytes(folder["a"], TestRuns.Model), TestRuns.Bytes(folder["c"], TestRuns.Model));
    }

    [TestMethod]
    [DataRow("data.workers=3", DisplayName = "data threads")]
    [DataRow("training.evaluateEveryEpochs=2", DisplayName = "evaluations in between")]
    [DataRow("training.checkpointEverySteps=1", DisplayName = "checkpoints in between")]
    public void WhatIsNotPartOfTheTrainingDoesNotChangeIt(string setting)
    {
        using TemporaryFolder folder = new();
        TestRuns.Finish(SmallRecipe.Create(), folder["a"]);
        TestRuns.Finish(SmallRecipe.Create(setting), folder["b"]);
        TestRuns.AssertSameState(folder["a"], folder["b"]);
    }
}
