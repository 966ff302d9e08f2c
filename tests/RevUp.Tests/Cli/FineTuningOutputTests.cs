namespace RevUp.Tests.Cli;

/// <summary>A run says what it started from and what it trains.</summary>
[TestClass]
public sealed class FineTuningOutputTests : FolderTest
{
    [TestMethod]
    public void TheStartAndTheFrozenLayersAreSaid()
    {
        string body = Tool.TrainTiny(Folder);
        string[] command =
        [
            "train", "--recipe", Tool.WriteTinyRecipe(Folder), "--output", Folder["fine"], "--set",
            $"model.initialFrom={body}", "--set", "training.freeze=body",
        ];
        string notes = Tool.Succeed(command).Error;
        Assert.Contains("Initial weights from ", notes);
        Assert.Contains("tensors taken.", notes);
        Assert.MatchesRegex(@"Frozen up to 'body': \d+ of \d+ layers; [\d,]+ of [\d,]+ parameters are", notes);
    }
}
