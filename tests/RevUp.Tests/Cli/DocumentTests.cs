using RevUp.Cli.Output;
using RevUp.Diagnostics;

namespace RevUp.Tests.Cli;

/// <summary>
/// With --json, standard output is one document with exactly the promised members, and nothing
/// else.
/// </summary>
[TestClass]
public sealed class DocumentTests : FolderTest
{
    private static readonly string[] s_training =
    [
        "run", "checkpoint", "interrupted", "step", "top1", "loss", "samples", "leftOut",
        "stepMilliseconds", "meanEvaluations", "maxEvaluations", "maxInversionResidual", "replays",
        "totalPeakBytes", "forecast", "part", "balancedAccuracy", "auc", "chosenStep", "damagedSamples",
        "dataWaitShare",
    ];

    private static readonly string[] s_row =
    [
        "blocks", "policy", "activationPeakBytes", "parameterBytes", "gradientBytes", "optimizerBytes",
        "workspaceBytes", "totalPeakBytes", "processPeakBytes",
        "stepMilliseconds", "meanEvaluations", "maxEvaluations", "maxInversionResidual", "precision", "slab",
        "ranks",
    ];

    [TestMethod]
    public void TrainEvaluateAndInspectDescribeTheSameRun()
    {
        JsonElement trained = Document(
            "train", "--recipe", Tool.WriteTinyRecipe(Folder), "--output", Folder["run"], "--seed", "7");
        AssertMembers(trained, s_training);
        Assert.AreEqual(Folder["run"], trained.GetProperty("run").GetString());
        Assert.IsTrue(Directory.Exists(trained.GetProperty("checkpoint").GetString()));
        Assert.IsFalse(trained.GetProperty("interrupted").GetBoolean());
        Assert.AreEqual(16, trained.GetProperty("step").GetInt32());

        JsonElement evaluated = Document("evaluate", "--checkpoint", Folder["run"]);
        AssertMembers(
            evaluated, "part", "top1", "loss", "samples", "leftOut", "balancedAccuracy", "auc", "classes", "dice",
            "regions", "foregroundDice", "pooledIou", "confusion");
        foreach (string member in (string[])["top1", "loss", "samples", "leftOut"])
        {
            Assert.AreEqual(trained.GetProperty(member).GetDouble(), evaluated.GetProperty(member).GetDouble(), member);
        }

        JsonElement[] blocks =
            [.. Document("inspect", "--checkpoint", Folder["run"]).GetProperty("blocks").EnumerateArray()];
        Assert.HasCount(2, blocks);
        foreach (JsonElement block in blocks)
        {
            AssertMembers(
                block, "index", "name", "sigmas", "limit", "bound", "convergedBound", "contraction", "evaluations",
                "residual");
            Assert.AreEqual(2, block.GetProperty("sigmas").GetArrayLength());
        }

        Assert.Contains("\"seed\": 7", File.ReadAllText(Path.Combine(Folder["run"], "recipe.json")));
    }

    [TestMethod]
    public void MemoryForecastsRanks()
    {
        string[] memory =
        [
            "memory", "--recipe", Tool.WriteTinyRecipe(Folder), "--set", "training.accumulate=2", "--policy", "store",
            "--once",
        ];
        string[] link = ["--ranks", "2", "--bandwidth", "10"];
        JsonElement ranks = Document([.. memory, .. link]).GetProperty("rows")[0].GetProperty("ranks");
        AssertMembers(
            ranks, "ranks", "passes", "overlaps", "messages", "communicationMilliseconds", "exposedMilliseconds",
            "overlappedMilliseconds", "stepMilliseconds", "efficiency");
        string table = Tool.Succeed([.. memory, .. link]).Output;
        Assert.Contains("Forecast, not measured: 2 ranks", table);
        Assert.Contains("nothing overlaps", table);
        Tool.Run([.. memory, "--ranks", "2"]).AssertFails("needs --ranks and --bandwidth");
        Tool.Run([.. memory, "--ranks", "1", "--bandwidth", "10"]).AssertFails("--ranks is 1");
        Tool.Run([.. memory, "--ranks", "2", "--bandwidth", "0"]).AssertFails("--bandwidth is 0");
    }

    [TestMethod]
    public void MemoryHasARowForEveryDepthAndPolicyInTheOrderAskedFor()
    {
        JsonElement document = Document(
            "memory", "--recipe", Tool.WriteTinyRecipe(Folder), "--blocks", "2,8", "--policy", "invert,store");
        AssertMembers(document, "rows");
        JsonElement[] rows = [.. document.GetProperty("rows").EnumerateArray()];
        foreach (JsonElement row in rows)
        {
            AssertMembers(row, s_row);
        }
        Assert.AreEqual(JsonValueKind.Null, rows[0].GetProperty("ranks").ValueKind);
        CollectionAssert.AreEqual(
            new[] { "2 invert", "2 store", "8 invert", "8 store" },
            rows.Select(DepthAndPolicy).ToArray());
        long[] peaks = [.. rows.Select(row => row.GetProperty("activationPeakBytes").GetInt64())];
        Assert.AreEqual(peaks[0], peaks[2], "invert does not grow with depth");
        Assert.IsGreaterThan(peaks[1], peaks[3], "store grows with depth");
    }

    [TestMethod]
    [DataRow("model.block=invertible", "store", "4 store", "4 checkpoint", "4 compress", "4 invert")]
    [DataRow("model.lipschitz.mode=adaptive", "invert", "4 store", "4 checkpoint", "4 compress", "4 invert")]
    [DataRow("model.lipschitz.mode=none", "store", "4 store", "4 checkpoint", "4 compress")]
    public void MemoryMeasuresTheRecipesOwnDepthUnderEveryPolicyThatItsBlocksCanFollow(
        string setting, string policy, params string[] expected)
    {
        string recipe = Tool.WriteTinyRecipe(Folder);
        JsonElement document = Document(
            "memory", "--recipe", recipe, "--set", "model.stages.0.blocks=3", "--set", setting, "--set",
            $"reversible.policy={policy}");
        CollectionAssert.AreEqual(
            expected,
            document.GetProperty("rows").EnumerateArray().Select(DepthAndPolicy).ToArray());
    }

    [TestMethod]
    [DataRow("adaptive", true)]
    [DataRow("perBranch", false)]
    public void MemorySaysThatAdaptiveControlWasMeasuredAsItStarts(string mode, bool said)
    {
        string setting = $"model.lipschitz.mode={mode}";
        ToolResult result = Tool.Succeed(
            "memory", "--recipe", Tool.WriteTinyRecipe(Folder), "--set", setting, "--policy", "invert", "--threads",
            "1");
        Assert.AreEqual(
            said,
            result.Output.Contains(
                "measured as it starts, perBranch at the same coefficient", StringComparison.Ordinal),
            result.Output);
    }

    [TestMethod]
    public void ProfileHasRowsOfOneKind()
    {
        JsonElement profile = Document("profile", "--recipe", Tool.WriteTinyRecipe(Folder), "--steps", "1:2");
        AssertMembers(
            profile, "recipe", "blocks", "policy", "precision", "device", "description", "batchSize", "accumulate",
            "firstStep", "lastStep", "randomBatch", "rates", "milliseconds", "stepMilliseconds", "plainMilliseconds",
            "dataWaitMilliseconds", "meanEvaluations", "maxEvaluations", "parts", "layers", "operations");
        AssertMembers(
            profile.GetProperty("rates"), "copyBytesPerSecond", "copyBytes", "flopsPerSecond", "channels",
            "arithmetic");
        foreach (string list in (string[])["parts", "layers", "operations"])
        {
            AssertMembers(
                profile.GetProperty(list)[0], "name", "milliseconds", "share", "gapMilliseconds",
                "forwardMilliseconds", "inversionMilliseconds", "gradientMilliseconds", "calls", "launches", "bytes",
                "flops", "copyShare", "matrixShare");
        }
    }

    [TestMethod]
    public void DemoHasTheTrainingAndARowForEveryPolicyAtTwoDepths()
    {
        string recipe = Tool.WriteTinyRecipe(Folder);
        JsonElement document = Document("demo", "--recipe", recipe, "--output", Folder["demo"]);
        AssertMembers(document, "training", "rows");
        AssertMembers(document.GetProperty("training"), s_training);
        Assert.AreEqual(6, document.GetProperty("rows").GetArrayLength());

        // A second demonstration replaces the first, and says for people what the document says.
        ToolResult again = Tool.Succeed("demo", "--recipe", recipe, "--output", Folder["demo"], "--threads", "1");
        Assert.Contains("all 16 steps, 2 epochs, take 0:00.", again.Error);
        string[] parts =
        [
            "test top-1",
            "step time",
            "blocks, invert",
            "blocks, checkpoint",
            "blocks, store",
            Folder["demo"],
            "revup memory",
        ];
        foreach (string part in parts)
        {
            Assert.Contains(part, again.Output);
        }
    }

    [TestMethod]
    [DataRow("training.epochs=1", 8)]
    [DataRow("training.steps=5", 5)]
    public void ALengthThatIsGivenIsTheDemonstrations(string setting, int steps)
    {
        ToolResult result = Tool.Succeed(
            "demo", "--recipe", Tool.WriteTinyRecipe(Folder), "--output", Folder["demo"], "--threads", "1", "--set",
            setting, "--json");
        Assert.DoesNotContain("This machine trains", result.Error);
        Assert.AreEqual(steps, result.Json.GetProperty("training").GetProperty("step").GetInt32());
    }

    [TestMethod]
    public void DevicesHaveTheCpuWithTheThreadsAskedFor()
    {
        JsonElement device = Document("devices").GetProperty("devices")[0];
        AssertMembers(device, "name", "description", "threads", "memoryBytes", "bFloat16", "problem");
        Assert.AreEqual("cpu", device.GetProperty("name").GetString());
        Assert.AreEqual(1, device.GetProperty("threads").GetInt32());
    }

    [TestMethod]
    public void WhatWasNotMeasuredIsNull()
    {
        BlockReport block = new(0, "block", [1.5], 0.9, 0.8, double.PositiveInfinity, double.NaN, 1, 0);
        string json = JsonSerializer.Serialize(new Inspection(16, 1e-2, [block]), DocumentJson.Default.Inspection);
        JsonElement written = JsonDocument.Parse(json).RootElement.GetProperty("blocks")[0];
        Assert.AreEqual(JsonValueKind.Null, written.GetProperty("contraction").ValueKind);
        Assert.AreEqual(JsonValueKind.Null, written.GetProperty("convergedBound").ValueKind);
        Assert.AreEqual(1.5, written.GetProperty("sigmas")[0].GetDouble());
    }

    private static JsonElement Document(params string[] arguments)
    {
        return Tool.Succeed([.. arguments, "--json", "--threads", "1"]).Json;
    }

    private static string DepthAndPolicy(JsonElement row) =>
        $"{row.GetProperty("blocks").GetInt32()} {row.GetProperty("policy").GetString()}";

    private static void AssertMembers(JsonElement element, params string[] expected) =>
        CollectionAssert.AreEqual(expected, element.EnumerateObject().Select(member => member.Name).ToArray());
}
