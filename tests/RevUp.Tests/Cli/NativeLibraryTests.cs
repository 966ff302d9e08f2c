namespace RevUp.Tests.Cli;

/// <summary>Without a native library the tool still helps, and says what is missing.</summary>
[TestClass]
public sealed class NativeLibraryTests
{
    private const string CpuLibrary = "REVUP_CPU_LIBRARY";

    [TestMethod]
    [DataRow("--help", "revup [command]")]
    [DataRow("recipes", "fashion-mnist")]
    public void HelpAndRecipesDoNotLoadIt(string command, string expected)
    {
        using TemporaryFolder folder = new();
        using Process process = ToolProcess.Start((CpuLibrary, folder["missing.so"]), command);
        Assert.Contains(expected, process.StandardOutput.ReadToEnd());
        process.WaitForExit();
        Assert.AreEqual(0, process.ExitCode);
    }

    [TestMethod]
    [DataRow(CpuLibrary, "devices")]
    [DataRow("REVUP_CUDA_LIBRARY", "inspect", "--checkpoint", "nowhere", "--device", "cuda")]
    public void ItsAbsenceIsOneParagraph(string variable, params string[] arguments)
    {
        using TemporaryFolder folder = new();
        using Process process = ToolProcess.Start((variable, folder["missing.so"]), arguments);
        string error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.AreEqual(1, process.ExitCode);
        Assert.StartsWith("error: ", error);
        Assert.Contains(folder["missing.so"], error);
        Assert.HasCount(1, error.TrimEnd().Split('\n'));
    }

    [TestMethod]
    public void WithoutCudaTheDevicesSayWhatIsMissing()
    {
        using TemporaryFolder folder = new();
        using Process process = ToolProcess.Start(("REVUP_CUDA_LIBRARY", folder["missing.so"]), "devices");
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.AreEqual(0, process.ExitCode);
        string problem = output.Split('\n').Single(line => line.StartsWith("cuda: ", StringComparison.Ordinal));
        Assert.Contains(folder["missing.so"], problem);
    }
}
