using System.Runtime.Versioning;

namespace RevUp.Tests.Cli;

/// <summary>The command under nsys, which a shell script stands for.</summary>
[TestClass]
[SupportedOSPlatform("linux")]
public sealed class NsysRecordingTests : FolderTest
{
    private const UnixFileMode Program =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    [TestMethod]
    public void NsysIsGivenTheWindowTheReportAndTheCommand()
    {
        List<string> said = [];
        NsysRecording recording = Recording(
            """for word; do echo "$word"; case $word in --output=*) touch "${word#*=}";; esac; done""");
        Assert.AreEqual(Folder["steps.nsys-rep"], recording.Run(["profile", "--recipe", "a b", "--capture"], said.Add));
        Assert.AreEqual("profile", said[0]);
        CollectionAssert.IsSubsetOf(
            new[] { "--capture-range=cudaProfilerApi", "--capture-range-end=stop", "--cuda-graph-trace=node" }, said);
        CollectionAssert.AreEqual(
            new[] { $"--output={Folder["steps.nsys-rep"]}", "the-tool", "profile", "--recipe", "a b", "--capture" },
            said[^6..]);
        Assert.Contains(
            "is there already",
            Assert.ThrowsExactly<ConfigurationException>(() => recording.Run([], said.Add)).Message);
    }

    [TestMethod]
    [DataRow("echo 'no GPU.' >&2; exit 3", "status 3 and without a report; its last line: no GPU")]
    [DataRow("true", "status 0 and without a report")]
    public void AFailureIsTold(string script, string expected) => Assert.Contains(
        expected, Assert.ThrowsExactly<ConfigurationException>(() => Recording(script).Run([], _ => { })).Message);

    [TestMethod]
    public void NsysIsLookedForInTheFoldersOfThePath()
    {
        string nsys = Write("true");
        Assert.AreEqual(nsys, NsysRecording.Find($"/nowhere:{Path.GetDirectoryName(nsys)}"));
        Assert.Contains(
            "no folder of PATH has the program nsys; install it",
            Assert.ThrowsExactly<ConfigurationException>(() => NsysRecording.Find("/nowhere")).Message);
        Assert.ThrowsExactly<ConfigurationException>(() => NsysRecording.Find(null));
    }

    private NsysRecording Recording(string script) => new(Write(script), Folder["steps"], "the-tool");

    private string Write(string script)
    {
        File.WriteAllText(Folder["nsys"], $"#!/bin/sh\n{script}\n");
        File.SetUnixFileMode(Folder["nsys"], Program);
        return Folder["nsys"];
    }
}
