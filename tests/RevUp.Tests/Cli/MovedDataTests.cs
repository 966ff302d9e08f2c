namespace RevUp.Tests.Cli;

/// <summary>
/// A checkpoint finds its data from any folder, and can be told where the data is now.
/// </summary>
[TestClass]
public sealed class MovedDataTests
{
    [TestMethod]
    public void TheFullPathOfTheDataIsRecorded()
    {
        using TemporaryFolder folder = new();
        Train(folder, Path.GetRelativePath(Environment.CurrentDirectory, folder["data"]));
        foreach (string file in new[] { "run.json", "recipe.json" })
        {
            JsonElement json = Tool.ReadJson(Path.Combine(folder["run"], file));
            JsonElement path = file == "run.json"
                ? json.GetProperty("dataPath")
                : json.GetProperty("data").GetProperty("path");
            Assert.AreEqual(folder["data"], path.GetString());
        }
        Assert.AreEqual(0, Tool.Run("evaluate", "--checkpoint", folder["run"], "--threads", "1").ExitCode);
    }

    [TestMethod]
    public void EveryCommandCanBeToldWhereTheDataIs()
    {
        using TemporaryFolder folder = new();
        Train(folder, folder["data"]);
        string[] evaluate = ["evaluate", "--checkpoint", folder["run"], "--threads", "1", "--json"];
        double top1 = Tool.Run(evaluate).Json.GetProperty("top1").GetDouble();
        Directory.Move(folder["data"], folder["moved"]);
        Tool.Run(evaluate).AssertFails($"{folder["data"]}: there is no such folder; set data.path", "--data");

        string[] data = ["--data", folder["moved"]];
        Assert.AreEqual(top1, Tool.Run([.. evaluate, .. data]).Json.GetProperty("top1").GetDouble());
        ToolResult set = Tool.Run([.. evaluate, "--set", $"data.path={folder["moved"]}"]);
        Assert.AreEqual(top1, set.Json.GetProperty("top1").GetDouble());
        Assert.AreEqual(0, Tool.Run(["inspect", "--checkpoint", folder["run"], "--threads", "1", .. data]).ExitCode);
        Assert.AreEqual(0, Tool.Run(["report", folder["run"], "--threads", "1", .. data]).ExitCode);
        string page = File.ReadAllText(Path.Combine(folder["run"], "report.html"));
        Assert.DoesNotContain("There are none on this page", page);
    }

    [TestMethod]
    [DataRow("model.activation=elu", "its own model")]
    [DataRow("data.mean=[0,0,0]", "its own data.mean")]
    public void WhatACheckpointFixesCannotBeSet(string setting, string message)
    {
        using TemporaryFolder folder = new();
        string run = Tool.TrainTiny(folder);
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
        using TemporaryFolder folder = new();
        string extents = kind == "volumes" ? "[4,4,4]" : "[8,8]";
        string path = folder["absent"];
        string data = $$"""data={"dataset":"{{kind}}","path":"{{path}}","extents":{{extents}},"classes":2}""";
        Tool.Run([.. Tool.Training(folder), "--set", data])
            .AssertFails($"{folder["absent"]}: there is no such folder");
    }

    private static void Train(TemporaryFolder folder, string path)
    {
        ImageFiles.WriteCatsAndDogs(folder["data"], 16);
        Tool.Succeed([.. Tool.Training(folder), "--set", ImageFiles.CatsAndDogs(path)]);
    }
}
