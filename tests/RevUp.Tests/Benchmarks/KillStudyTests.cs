using RevUp.Tests.Support;

namespace RevUp.Tests.Benchmarks;

/// <summary>
/// Three kills of the study's twenty: a killed training loses no more than the steps since its last
/// checkpoint, and not a bit of its result.
/// </summary>
[TestClass]
public sealed class KillStudyTests
{
    [TestMethod]
    public void AKilledTrainingEndsWithTheBytesOfAnUninterruptedOne()
    {
        using TemporaryFolder folder = new();
        (int status, string error) = StudyProcess.Run("kill", folder["."], "--kills", "3", "--seed", "5");
        Assert.AreEqual(0, status, error);
        Assert.Contains("Equal: 3 of 3.", File.ReadAllText(folder["kill.md"]));
    }
}
