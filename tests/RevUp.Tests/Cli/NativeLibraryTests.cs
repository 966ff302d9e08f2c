using System.Diagnostics;
using RevUp.Tests.Training.Files;

namespace RevUp.Tests.Cli;

/// <summary>Without its native library the tool still helps, and says what is missing.</summary>
[TestClass]
public sealed class NativeLibraryTests
{
    [TestMethod]
    [DataRow("--help", "revup [command]")]
    [DataRow("recipes", "fashion-mnist")]
    public void HelpAndRecipesDoNotLoadIt(string command, string expected)
    {
        using TemporaryFolder folder = new();
        using Process process = ToolProcess.Start(folder["missing.so"], command);
        Assert.Contains(expected, process.StandardOutput.ReadToEnd());
        process.WaitForExit();
        Assert.AreEqual(0, process.ExitCode);
    }

    [TestMethod]
    public void ItsAbsenceIsOneParagraph()
    {
        using TemporaryFolder folder = new();
        using Process process = ToolProcess.Start(folder["missing.so"], "devices");
        string error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.AreEqual(1, process.ExitCode);
        Assert.StartsWith("error: ", error);
        Assert.Contains(folder["missing.so"], error);
        Assert.HasCount(1, error.TrimEnd().Split('\n'));
    }
}
