namespace RevUp.Tests.Cli;

/// <summary>
/// A checkpoint finds its data from any folder, and can be told where the data is now.
/// </summary>
[TestClass]
public sealed class MovedDataTests
{
    private static readonly string[] s_names =
        [.. Enumerable.Range(0, 16).Select(i => $"{(i % 2 == 0 ? "cat" : "dog")}/{i}.png")];

    [TestMethod]
    public void TheFullPathOfTheDataIsRecorded()
    {
        using TemporaryFolder folder = new();
        Train(folder, Path.GetRelativePath(Environment.CurrentDirectory, folder["data"]));
        foreach (string file in new[] { "run.json", "recipe.json" })
        {
            JsonElement json = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder["run"], file))).RootElement;
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
        ToolResult lost = Tool.Run(evaluate);
        Assert.AreEqual(1, lost.ExitCode);
        Assert.Contains($"{folder["data"]}: there is no such folder; set data.path", lost.LastError);
        Assert.Contains("--data", lost.LastError);

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
        ToolResult result = Tool.Run("evaluate", "--checkpoint", run, "--set", setting);
        Assert.AreEqual(1, result.ExitCode);
        Assert.Contains(message, result.LastError);
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
        ToolResult result = Tool.Run(
            "train", "--recipe", Tool.WriteTinyRecipe(folder), "--output", folder["run"], "--set", data);
        Assert.AreEqual(1, result.ExitCode);
        Assert.Contains($"{folder["absent"]}: there is no such folder", result.LastError);
    }

    private static void Train(TemporaryFolder folder, string path)
    {
        ImageFiles.WriteFolder(folder["data/train"], s_names);
        ImageFiles.WriteFolder(folder["data/test"], s_names);
        string data = $$"""data={"dataset":"imageFolder","path":"{{path}}","extents":[8,8],"channels":3,"classes":2}""";
        ToolResult result = Tool.Run(
            "train", "--recipe", Tool.WriteTinyRecipe(folder), "--output", folder["run"], "--set", data,
            "--threads", "1");
        Assert.AreEqual(0, result.ExitCode, result.Error);
    }
}
