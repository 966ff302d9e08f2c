namespace RevUp.Tests.Cli;

/// <summary>Without a native library the tool still helps, and says what is missing.</summary>
[TestClass]
public sealed class NativeLibraryTests : FolderTest
{
    private const string CpuLibrary = "REVUP_CPU_LIBRARY";

    [TestMethod]
    [DataRow("--help", "revup [command]")]
    [DataRow("recipes", "fashion-mnist")]
    public void HelpAndRecipesDoNotLoadIt(string command, string expected)
    {
        ToolResult result = ToolProcess.Run((CpuLibrary, Folder["missing.so"]), command);
        Assert.Contains(expected, result.Output);
        Assert.AreEqual(0, result.ExitCode);
    }

    [TestMethod]
    [DataRow(CpuLibrary, "devices")]
    [DataRow("REVUP_CUDA_LIBRARY", "inspect", "--checkpoint", "nowhere", "--device", "cuda")]
    public void ItsAbsenceIsOneParagraph(string variable, params string[] arguments)
    {
        ToolResult result = ToolProcess.Run((variable, Folder["missing.so"]), arguments);
        result.AssertFails(Folder["missing.so"]);
        Assert.AreEqual(result.LastError, result.Error.TrimEnd());
    }

    [TestMethod]
    public void WithoutCudaTheDevicesSayWhatIsMissing()
    {
        ToolResult result = ToolProcess.Run(("REVUP_CUDA_LIBRARY", Folder["missing.so"]), "devices");
        Assert.AreEqual(0, result.ExitCode);
        string problem = result.Output.Split('\n').Single(line => line.StartsWith("cuda: ", StringComparison.Ordinal));
        Assert.Contains(Folder["missing.so"], problem);
    }
}
