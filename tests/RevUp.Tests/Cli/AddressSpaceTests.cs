namespace RevUp.Tests.Cli;

/// <summary>
/// A limit on address space, as batch systems set it (ulimit -v), leaves less to reserve than the
/// machine has memory.
/// </summary>
[TestClass]
public sealed class AddressSpaceTests : FolderTest
{
    [TestMethod]
    [DataRow(6)]
    [DataRow(12)]
    public void TrainingTakesAPartOfWhatIsAllowed(int gibibytes)
    {
        using Process process = ToolProcess.StartLimited(
            (long)gibibytes << 20, Tool.Training(Folder));
        ToolResult result = process.Finish();
        Assert.AreEqual(0, result.ExitCode, result.Output + result.Error);
    }
}
