namespace RevUp.Tests.Cli;

/// <summary>
/// Everything that can be wrong with the input ends in exit code 1 and one paragraph that names it,
/// never in a stack trace.
/// </summary>
[TestClass]
public sealed class FailureTests
{
    [TestMethod]
    public void AnUnknownRecipeIsAnsweredWithTheNames() =>
        AssertFails(Tool.Run("train", "--recipe", "fashion"), ["'fashion'", .. RecipeCatalog.Names]);

    [TestMethod]
    [DataRow("training.epoch=3", "training.epoch")]
    [DataRow("training.epochs=many", "training.epochs")]
    [DataRow("training.epochs=0", "training.epochs is 0")]
    [DataRow("training.epochs", "path=value")]
    [DataRow("model.stages.7.blocks=1", "model.stages.7.blocks")]
    [DataRow("reversible.policy=inverse", "reversible.policy")]
    [DataRow("model.preset=revup-1", "revup-1")]
    [DataRow("training.batchSize=65", "65")]
    [DataRow("data.trainingSamples=-1", "data.trainingSamples is -1")]
    [DataRow("""model.stages=[{"channels":65536}]""", "parameters, and at most 2147483647 are possible")]
    public void AnOverrideThatCannotWorkIsNamed(string setting, string named)
    {
        using TemporaryFolder folder = new();
        AssertFails(
            Tool.Run("train", "--recipe", Tool.WriteTinyRecipe(folder), "--output", folder["run"], "--set", setting),
            named);
        Assert.IsFalse(Directory.Exists(folder["run"]), "Nothing is written before the recipe is known to work.");
    }

    [TestMethod]
    public void ABrokenRecipeFileIsNamedWithTheLine()
    {
        using TemporaryFolder folder = new();
        File.WriteAllText(folder["broken.json"], "{\n  \"name\": \"broken\",\n  \"data\": [\n");
        AssertFails(Tool.Run("train", "--recipe", folder["broken.json"]), folder["broken.json"], "line 4");
    }

    [TestMethod]
    public void AMissingDataFolderIsNamedWithWhereToGetTheData()
    {
        using TemporaryFolder folder = new();
        ToolResult result = Tool.Run(
            "train", "--recipe", "fashion-mnist", "--set", $"data.path={folder["nowhere"]}", "--output", folder["run"]);
        AssertFails(result, folder["nowhere"], "dataset-fashion-mnist");
    }

    [TestMethod]
    [DataRow("evaluate")]
    [DataRow("inspect")]
    public void AFolderWithoutACheckpointIsNamed(string command)
    {
        using TemporaryFolder folder = new();
        AssertFails(Tool.Run(command, "--checkpoint", folder.Path), folder.Path, "no checkpoint");
    }

    [TestMethod]
    public void ADamagedCheckpointIsNamed()
    {
        using TemporaryFolder folder = new();
        string run = Tool.TrainTiny(folder);
        foreach (string model in Directory.GetFiles(run, "model.safetensors", SearchOption.AllDirectories))
        {
            using FileStream file = File.OpenWrite(model);
            file.SetLength(file.Length / 2);
        }
        AssertFails(Tool.Run("evaluate", "--checkpoint", run), "model.safetensors");
        string description = Directory.GetFiles(run, "checkpoint.json", SearchOption.AllDirectories)[0];
        AssertFails(Tool.Run("evaluate", "--checkpoint", Path.GetDirectoryName(description)!), "model.safetensors");
        File.WriteAllText(description, "{");
        AssertFails(Tool.Run("evaluate", "--checkpoint", Path.GetDirectoryName(description)!), description);
    }

    [TestMethod]
    public void AnOutputThatCannotBeAFolderIsNamed()
    {
        using TemporaryFolder folder = new();
        string recipe = Tool.WriteTinyRecipe(folder);
        AssertFails(Tool.Run("train", "--recipe", recipe, "--output", Path.Combine(recipe, "run")), recipe);
    }

    [TestMethod]
    public void ARunIsNotOverwrittenWithoutResume()
    {
        using TemporaryFolder folder = new();
        string run = Tool.TrainTiny(folder);
        AssertFails(Tool.Run("train", "--recipe", folder["tiny.json"], "--output", run), run, "--resume");
    }

    [TestMethod]
    [DataRow("train", "--recipe")]
    [DataRow("demo", "--recipe")]
    public void FilesThatAreNotOfARunAreLeftAlone(string command, string option)
    {
        using TemporaryFolder folder = new();
        AssertFails(
            Tool.Run(command, option, Tool.WriteTinyRecipe(folder), "--output", folder.Path), folder.Path, "--output");
        Assert.IsTrue(File.Exists(folder["tiny.json"]));
    }

    [TestMethod]
    public void TheDemoDeletesNoFileThatLiesBesideARecipe()
    {
        using TemporaryFolder folder = new();
        string run = Tool.TrainTiny(folder), own = Path.Combine(run, "thesis.txt");
        File.WriteAllText(own, "years");
        AssertFails(Tool.Run("demo", "--recipe", folder["tiny.json"], "--output", run), run, "--output");
        Assert.IsTrue(File.Exists(own));
    }

    [TestMethod]
    public void ResumingWhatIsNotARunIsRefused()
    {
        using TemporaryFolder folder = new();
        AssertFails(
            Tool.Run("train", "--recipe", Tool.WriteTinyRecipe(folder), "--output", folder["run"], "--resume"),
            folder["run"],
            "--resume");
    }

    [TestMethod]
    [DataRow("devices --threads 5000", "5000 threads")]
    [DataRow("memory --recipe volume-64 --blocks 2", "number of blocks is 2")]
    [DataRow("recipes show nosuch", "'nosuch'")]
    public void OtherValuesOutsideTheirRangeAreNamed(string line, string named) =>
        AssertFails(Tool.Run(line.Split(' ')), named);

    [TestMethod]
    public void VerboseAddsTheStackTrace()
    {
        ToolResult result = Tool.Run("recipes", "show", "nosuch", "--verbose");
        Assert.AreEqual(1, result.ExitCode);
        Assert.StartsWith("error: ", result.Error);
        Assert.Contains("   at RevUp.", result.Error);
    }

    [TestMethod]
    public void TheUnforeseenAsksForAReport()
    {
        using StringWriter error = new();
        Exception inner = new InvalidOperationException("first line\nsecond line");
        Assert.AreEqual(1, Failure.Report(new AggregateException(inner), error, verbose: false));
        Assert.StartsWith(
            "error: InvalidOperationException: first line second line This should not happen; please report it",
            error.ToString());
    }

    [TestMethod]
    public void AFullDiskIsNotAskedToBeReported()
    {
        using StringWriter error = new();
        Failure.Report(new IOException("No space left on device : '/data/run'"), error, verbose: false);
        Assert.StartsWith("error: No space left on device : '/data/run' Check that", error.ToString());
        Assert.DoesNotContain("report", error.ToString());
    }

    private static void AssertFails(ToolResult result, params IEnumerable<string> named)
    {
        Assert.AreEqual(1, result.ExitCode, result.Error);
        Assert.IsEmpty(result.Output);
        Assert.StartsWith("error: ", result.LastError);
        Assert.DoesNotContain("   at ", result.Error);
        foreach (string name in named)
        {
            Assert.Contains(name, result.LastError);
        }
    }
}
