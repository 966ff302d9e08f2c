namespace RevUp.Tests.Runs;

[TestClass]
public sealed class DeterminismTests : FolderTest
{
    [TestMethod]
    public void TheSameSeedGivesTheSameBytesAndAnotherSeedOthers()
    {
        const string Short = "training.epochs=1", Few = "data.trainingSamples=16";
        TestRuns.Finish(SmallRecipe.Create(Short, Few), Folder["a"], threads: 2);
        TestRuns.Finish(SmallRecipe.Create(Short, Few), Folder["b"], threads: 2);
        TestRuns.AssertSameState(Folder["a"], Folder["b"]);
        CollectionAssert.AreEqual(TestRuns.Metrics(Folder["a"]), TestRuns.Metrics(Folder["b"]));

        TestRuns.Finish(SmallRecipe.Create(Short, Few, "training.seed=2"), Folder["c"], threads: 2);
        CollectionAssert.AreNotEqual(
            TestRuns.Bytes(Folder["a"], TestRuns.Model), TestRuns.Bytes(Folder["c"], TestRuns.Model));
    }

    [TestMethod]
    [DataRow("data.workers=3", DisplayName = "data threads")]
    [DataRow("training.evaluateEveryEpochs=2", DisplayName = "evaluations in between")]
    [DataRow("training.checkpointEverySteps=1", DisplayName = "checkpoints in between")]
    public void WhatIsNotPartOfTheTrainingDoesNotChangeIt(string setting)
    {
        TestRuns.Finish(SmallRecipe.Create(), Folder["a"]);
        TestRuns.Finish(SmallRecipe.Create(setting), Folder["b"]);
        TestRuns.AssertSameState(Folder["a"], Folder["b"]);
    }
}
