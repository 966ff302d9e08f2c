namespace RevUp.Tests.Cli;

/// <summary>
/// Everything that can be wrong with the input ends in exit code 1 and one paragraph that names it,
/// never in a stack trace.
/// </summary>
[TestClass]
public sealed class FailureTests : FolderTest
{
    [TestMethod]
    public void AnUnknownRecipeIsAnsweredWithTheNames() =>
        Tool.Run("train", "--recipe", "fashion").AssertFails(["'fashion'", .. RecipeCatalog.Names]);

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
        Tool.Run("train", "--recipe", Tool.WriteTinyRecipe(Folder), "--output", Folder["run"], "--set", setting)
            .AssertFails(named);
        Assert.IsFalse(Directory.Exists(Folder["run"]), "Nothing is written before the recipe is known to work.");
    }

    [TestMethod]
    public void ABrokenRecipeFileIsNamedWithTheLine()
    {
        File.WriteAllText(Folder["broken.json"], "{\n  \"name\": \"broken\",\n  \"data\": [\n");
        Tool.Run("train", "--recipe", Folder["broken.json"]).AssertFails(Folder["broken.json"], "line 4");
    }

    [TestMethod]
    public void AMissingDataFolderIsNamedWithWhereToGetTheData()
    {
        ToolResult result = Tool.Run(
            "train", "--recipe", "fashion-mnist", "--set", $"data.path={Folder["nowhere"]}", "--output", Folder["run"]);
        result.AssertFails(Folder["nowhere"], "dataset-fashion-mnist");
    }

    [TestMethod]
    [DataRow("evaluate")]
    [DataRow("inspect")]
    public void AFolderWithoutACheckpointIsNamed(string command)
    {
        Tool.Run(command, "--checkpoint", Folder.Path).AssertFails(Folder.Path, "no checkpoint");
    }

    [TestMethod]
    public void ADamagedCheckpointIsNamed()
    {
        string run = Tool.TrainTiny(Folder);
        foreach (string model in Directory.GetFiles(run, "model.safetensors", SearchOption.AllDirectories))
        {
            using FileStream file = File.OpenWrite(model);
            file.SetLength(file.Length / 2);
        }
        Tool.Run("evaluate", "--checkpoint", run).AssertFails("model.safetensors");
        string description = Directory.GetFiles(run, "checkpoint.json", SearchOption.AllDirectories)[0];
        Tool.Run("evaluate", "--checkpoint", Path.GetDirectoryName(description)!).AssertFails("model.safetensors");
        File.WriteAllText(description, "{");
        Tool.Run("evaluate", "--checkpoint", Path.GetDirectoryName(description)!).AssertFails(description);
    }

    [TestMethod]
    public void AnOutputThatCannotBeAFolderIsNamed()
    {
        string recipe = Tool.WriteTinyRecipe(Folder);
        Tool.Run("train", "--recipe", recipe, "--output", Path.Combine(recipe, "run")).AssertFails(recipe);
    }

    [TestMethod]
    public void ARunIsNotOverwrittenWithoutResume()
    {
        string run = Tool.TrainTiny(Folder);
        Tool.Run("train", "--recipe", Folder["tiny.json"], "--output", run).AssertFails(run, "--resume");
    }

    [TestMethod]
    [DataRow("train", "--recipe")]
    [DataRow("demo", "--recipe")]
    public void FilesThatAreNotOfARunAreLeftAlone(string command, string option)
    {
        Tool.Run(command, option, Tool.WriteTinyRecipe(Folder), "--output", Folder.Path)
            .AssertFails(Folder.Path, "--output");
        Assert.IsTrue(File.Exists(Folder["tiny.json"]));
    }

    [TestMethod]
    public void TheDemoDeletesNoFileThatLiesBesideARecipe()
    {
        string run = Tool.TrainTiny(Folder), own = Path.Combine(run, "thesis.txt");
        File.WriteAllText(own, "years");
        Tool.Run("demo", "--recipe", Folder["tiny.json"], "--output", run).AssertFails(run, "--output");
        Assert.IsTrue(File.Exists(own));
    }

    [TestMethod]
    public void ResumingWhatIsNotARunIsRefused()
    {
        Tool.Run("train", "--recipe", Tool.WriteTinyRecipe(Folder), "--output", Folder["run"], "--resume")
            .AssertFails(Folder["run"], "--resume");
    }

    [TestMethod]
    [DataRow("devices --threads 5000", "5000 threads")]
    [DataRow("memory --recipe volume-64 --blocks 2", "number of blocks is 2")]
    [DataRow("recipes show nosuch", "'nosuch'")]
    public void OtherValuesOutsideTheirRangeAreNamed(string line, string named) =>
        Tool.Run(line.Split(' ')).AssertFails(named);

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
}
