namespace RevUp.Tests.Benchmarks;

/// <summary>
/// A few of the study's signals: a training that gets one loses no more than the steps since its
/// last checkpoint, and not a bit of its result.
/// </summary>
[TestClass]
public sealed class KillStudyTests : FolderTest
{
    [TestMethod]
    public void AKilledTrainingEndsWithTheBytesOfAnUninterruptedOne()
    {
        (int status, string error) = StudyProcess.Run(
            "kill", Folder["."], "--kills", "1", "--seed", "5", "--signals", "all");
        Assert.AreEqual(0, status, error);
        Assert.Contains("Equal: 6 of 6.", File.ReadAllText(Folder["kill.md"]));
    }
}
