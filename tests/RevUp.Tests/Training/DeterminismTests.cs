using RevUp.Tests.Training.Files;
using RevUp.Tests.Training.Support;
using RevUp.Training;

namespace RevUp.Tests.Training;

[TestClass]
public sealed class DeterminismTests
{
    [TestMethod]
    public void TheSameSeedGivesTheSameBytesAndAnotherSeedOthers()
    {
        const string Short = "training.epochs=1", Few = "data.trainingSamples=16";
        using TemporaryFolder folder = new();
        Runs.Finish(SmallRecipe.Create(Short, Few), folder["a"], threads: 2);
        Runs.Finish(SmallRecipe.Create(Short, Few), folder["b"], threads: 2);
        Runs.AssertSameState(folder["a"], folder["b"]);
        CollectionAssert.AreEqual(Runs.Metrics(folder["a"]), Runs.Metrics(folder["b"]));

        Runs.Finish(SmallRecipe.Create(Short, Few, "training.seed=2"), folder["c"], threads: 2);
        CollectionAssert.AreNotEqual(Runs.Bytes(folder["a"], Runs.Model), Runs.Bytes(folder["c"], Runs.Model));
    }

    [TestMethod]
    [DataRow("data.workers=3", DisplayName = "data threads")]
    [DataRow("training.evaluateEveryEpochs=2", DisplayName = "evaluations in between")]
    [DataRow("training.checkpointEverySteps=1", DisplayName = "checkpoints in between")]
    public void WhatIsNotPartOfTheTrainingDoesNotChangeIt(string setting)
    {
        using TemporaryFolder folder = new();
        Runs.Finish(SmallRecipe.Create(), folder["a"]);
        Runs.Finish(SmallRecipe.Create(setting), folder["b"]);
        Runs.AssertSameState(folder["a"], folder["b"]);
    }
}
