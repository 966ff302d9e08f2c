using RevUp.Cli.Commands;
using RevUp.Cli.Output;

namespace RevUp.Tests.Cli;

/// <summary>The command fit on the tiny recipe.</summary>
[TestClass]
public sealed class FitCommandTests : FolderTest
{
    [TestMethod]
    public void TheTableHasEveryPolicyAndTheProofIsBesideTheForecast()
    {
        ToolResult result = Tool.Succeed(Command());
        string[] texts =
        [
            "| store ", "| checkpoint ", "| invert ", "| auto ", "Largest image: ", "  stage 0: ",
            "Proven by one step at ",
        ];
        foreach (string text in texts)
        {
            Assert.Contains(text, result.Output);
        }
        Assert.Contains("forecast: 4×4", result.Error);
        Assert.Contains("proving it with one real step", result.Error);
    }

    [TestMethod]
    public void TheDocumentHasTheForecastAndTheMeasuredStep()
    {
        JsonElement document = Tool.Succeed(Command("--json")).Json;
        Assert.AreEqual(2 << 20, document.GetProperty("budgetBytes").GetInt64());
        Assert.AreEqual("image", document.GetProperty("dimension").GetString());
        Assert.IsGreaterThan(8, document.GetProperty("size").GetInt32());
        Assert.IsInRange(
            1, document.GetProperty("forecast").GetProperty("peakBytes").GetInt64(),
            document.GetProperty("proof").GetProperty("totalPeakBytes").GetInt64());
        Assert.AreEqual("store", document.GetProperty("alone")[0].GetProperty("policy").GetString());
        Assert.AreEqual(JsonValueKind.Null, document.GetProperty("unproven").ValueKind);
    }

    [TestMethod]
    [DataRow("batch")]
    [DataRow("depth")]
    public void WithoutAStepTheResultSaysSo(string dimension)
    {
        ToolResult result = Tool.Succeed(Command("--dimension", dimension, "--forecast-only"));
        Assert.Contains($"Largest {dimension}: ", result.Output);
        Assert.Contains("Not proven by a step: --forecast-only was given.", result.Output);
    }

    [TestMethod]
    public void WhatCannotBeIsExplained()
    {
        ToolResult word = Tool.Run(Command("--dimension", "width"));
        Assert.AreEqual(2, word.ExitCode);
        Assert.StartsWith("error: 'width' is not a dimension; use cube, image, batch or depth.", word.LastError);
        Tool.Run(Command("--dimension", "cube")).AssertFails(
            "the dimension is 'cube'", "use 'image', 'batch' or 'depth'");
        Tool.Run(Command("--memory-budget", "1KiB")).AssertFails(
            "the budget is 1024 bytes", "takes ", "--memory-budget");
    }

    [TestMethod]
    public void AnInterruptedSearchEnds()
    {
        ToolResult result = Tool.Run(new StringWriter(), false, new CancellationToken(true), Command());
        Assert.AreEqual(130, result.ExitCode, result.Error);
    }

    [TestMethod]
    public void AStepThatFailsOrIsInterruptedSaysWhy()
    {
        using StringWriter error = new();
        Terminal terminal = new(TextWriter.Null, error, outputIsTerminal: false, errorIsTerminal: false);
        FitProof proof = new(terminal, threads: 1, ["--threads", "1"]);
        Recipe recipe = RecipeCatalog.Load(
            Tool.WriteTinyRecipe(Folder), ["data.extents=[65536,65536]", "training.batchSize=8"]);
        (MemoryRow? row, string? problem) = proof.Run(recipe, TimeSpan.FromSeconds(1), CancellationToken.None);
        Assert.IsNull(row);
        Assert.StartsWith("error: ", problem);
        (row, problem) = proof.Run(recipe, TimeSpan.FromSeconds(1), new CancellationToken(true));
        Assert.IsNull(row);
        Assert.AreEqual("it was interrupted before", problem);
    }

    [TestMethod]
    public void MemoryHasAColumnForSlabsThatAreUsed()
    {
        string[] command =
            ["memory", "--recipe", Tool.WriteTinyRecipe(Folder), "--threads", "1", "--policy", "invert", "--once"];
        Assert.DoesNotContain("| slab |", Tool.Succeed(command).Output);
        command = [.. command, "--set", "reversible.slab=2"];
        Assert.Contains("| slab |", Tool.Succeed(command).Output);
        JsonElement row = Tool.Succeed([.. command, "--json"]).Json.GetProperty("rows")[0];
        Assert.AreEqual(2, row.GetProperty("slab").GetInt32());
    }

    private string[] Command(params string[] more) =>
    [
        "fit", "--recipe", Tool.WriteTinyRecipe(Folder), "--threads", "1",
        .. more.Contains("--memory-budget") ? [] : (string[])["--memory-budget", "2MiB"], .. more,
    ];
}
