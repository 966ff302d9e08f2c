namespace RevUp.Tests.Cli;

/// <summary>
/// A checkpoint finds its data from any folder, and can be told where the data is now.
/// </summary>
[TestClass]
public sealed class MovedDataTests : FolderTest
{
    [TestMethod]
    public void TheFullPathOfTheDataIsRecorded()
    {
        Train(Folder, Path.GetRelativePath(Environment.CurrentDirectory, Folder["data"]));
        foreach (string file in new[] { "run.json", "recipe.json" })
        {
            JsonElement json = Tool.ReadJson(Path.Combine(Folder["run"], file));
            JsonElement path = file == "run.json"
                ? json.GetProperty("dataPath")
                : json.GetProperty("data").GetProperty("path");
            Assert.AreEqual(Folder["data"], path.GetString());
        }
        Assert.AreEqual(0, Tool.Run("evaluate", "--checkpoint", Folder["run"], "--threads", "1").ExitCode);
    }

    [TestMethod]
    public void EveryCommandCanBeToldWhereTheDataIs()
    {
        Train(Folder, Folder["data"]);
        string[] evaluate = ["evaluate", "--checkpoint", Folder["run"], "--threads", "1", "--json"];
        double top1 = Tool.Run(evaluate).Json.GetProperty("top1").GetDouble();
        Directory.Move(Folder["data"], Folder["moved"]);
        Tool.Run(evaluate).AssertFails($"{Folder["data"]}: there is no such folder; set data.path", "--data");

        string[] data = ["--data", Folder["moved"]];
        Assert.AreEqual(top1, Tool.Run([.. evaluate, .. data]).Json.GetProperty("top1").GetDouble());
        ToolResult set = Tool.Run([.. evaluate, "--set", $"data.path={Folder["moved"]}"]);
        Assert.AreEqual(top1, set.Json.GetProperty("top1").GetDouble());
        Assert.AreEqual(0, Tool.Run(["inspect", "--checkpoint", Folder["run"], "--threads", "1", .. data]).ExitCode);
        Assert.AreEqual(0, Tool.Run(["report", Folder["run"], "--threads", "1", .. data]).ExitCode);
        string page = File.ReadAllText(Path.Combine(Folder["run"], "report.html"));
        Assert.DoesNotContain("There are none on this page", page);
    }

    [TestMethod]
    [DataRow("model.activation=elu", "its own model")]
    [DataRow("data.mean=[0,0,0]", "its own data.mean")]
    public void WhatACheckpointFixesCannotBeSet(string setting, string message)
    {
        string run = Tool.TrainTiny(Folder);
        Tool.Run("evaluate", "--checkpoint", run, "--set", setting).AssertFails(message);
    }

    [TestMethod]
    [DataRow("imageFolder")]
    [DataRow("webDataset")]
    [DataRow("volumes")]
    [DataRow("cifar10")]
    [DataRow("mnist")]
    public void AMissingFolderIsCalledMissing(string kind)
    {
        string extents = kind == "volumes" ? "[4,4,4]" : "[8,8]";
        string path = Folder["absent"];
        string data = $$"""data={"dataset":"{{kind}}","path":"{{path}}","extents":{{extents}},"classes":2}""";
        Tool.Run([.. Tool.Training(Folder), "--set", data])
            .AssertFails($"{Folder["absent"]}: there is no such folder");
    }

    private static void Train(TemporaryFolder folder, string path)
    {
        ImageFiles.WriteCatsAndDogs(folder["data"], 16);
        Tool.Succeed([.. Tool.Training(folder), "--set", ImageFiles.CatsAndDogs(path)]);
    }
}
