using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using RevUp.Distributed;
using RevUp.Tests.Cli;

namespace RevUp.Tests.Distributed;

/// <summary>Trainings on ranks end with the bits of a training in one process.</summary>
[TestClass]
public sealed class RankedTrainingTests : FolderTest
{
    // Four passes a step; 15 steps an epoch, and two samples more.
    private const string Recipe = """
        {
          "name": "ranked",
          "data": { "dataset": "synthetic", "extents": [8, 8], "classes": 4, "trainingSamples": 122, "flip": true },
          "model": {
            "downsampling": "squeeze",
            "stages": [{ "blocks": 2, "channels": 4 }, { "blocks": 2, "channels": 16, "width": 4 }]
          },
          "training": {
            "epochs": 1, "batchSize": 2, "accumulate": 4, "sumInRankOrder": true, "clipNorm": 1,
            "schedule": { "kind": "constant" }
          }
        }
        """;

    [TestMethod]
    [DataRow("store", "perBranch", 50)]
    [DataRow("invert", "perBranch", 50)]
    // Some inversions are refused, each on one rank, and lower the coefficients of all.
    [DataRow("invert", "adaptive", 1)]
    [DataRow("compress", "none", 50)]
    public void TwoAndFourRanksGiveTheBitsOfOne(string policy, string mode, int evaluations)
    {
        string[] settings =
        [
            "--set", $"reversible.policy={policy}", "--set", $"model.lipschitz.mode={mode}", "--json",
            "--set", $"reversible.maximumEvaluations={evaluations}", "--set", "reversible.hardLimit=0.01",
        ];
        long refusals = Refusals(Alone("one", settings));
        Assert.AreEqual(evaluations == 1, refusals > 0);
        Assert.AreEqual(refusals, Refusals(Ranked(MpiLauncher.OpenMpi, 2, "two", settings)));
        Assert.AreEqual(refusals, Refusals(Ranked(MpiLauncher.Mpich, 4, "four", settings)));
        foreach (string ranked in (string[])["two", "four"])
        {
            TestRuns.AssertSameState(Folder["one"], Folder[ranked]);
            CollectionAssert.AreEqual(Metrics("one"), Metrics(ranked));
        }
        Assert.IsTrue(Steps("one").All(step => step.Wait is null));
        foreach (RankWait wait in Steps("four").Select(step => step.Wait!.Value))
        {
            Assert.IsInRange(0, 3, wait.SlowestRank);
            Assert.IsInRange(0, wait.First, wait.Slowest);
        }
        JsonElement ranks = Tool.ReadJson(Path.Combine(Folder["four"], RunRecord.FileName)).GetProperty("ranks");
        Assert.AreEqual(4, ranks.GetProperty("nodes").GetArrayLength());
        Assert.Contains("MPICH 4", ranks.GetProperty("library").GetString()!);
    }

    [TestMethod]
    public void ARunGoesOnAtAnyNumberOfRanks()
    {
        string[] average = ["--set", "training.emaDecay=0.9"];
        Alone("whole", average);
        Alone("run", [.. average, "--set", "training.steps=3"]);
        Ranked(MpiLauncher.Mpich, 2, "run", [.. average, "--resume", "--set", "training.steps=7"]);
        Ranked(MpiLauncher.OpenMpi, 4, "run", [.. average, "--resume", "--set", "training.steps=11"]);
        Alone("run", [.. average, "--resume"]);
        TestRuns.AssertSameState(Folder["whole"], Folder["run"]);
    }

    [TestMethod]
    public void WithoutOrderWeightsAreTheSameButForRounding()
    {
        string[] settings = ["--set", "training.sumInRankOrder=false", "--set", "training.steps=3"];
        Alone("one", settings);
        Ranked(MpiLauncher.OpenMpi, 2, "two", settings);
        float[] expected = Weights("one"), actual = Weights("two");
        double scale = Math.Sqrt(expected.Sum(value => (double)value * value));
        double difference = Math.Sqrt(expected.Zip(actual).Sum(pair => Math.Pow(pair.First - pair.Second, 2)));
        Assert.IsLessThan(1e-5 * scale, difference);
    }

    [TestMethod]
    [DataRow(0)]
    [DataRow(0.9)]
    public void RunningStatisticsAreAveragedOverRanks(double emaDecay)
    {
        string[] settings =
        [
            "--set", "model.block=residual", "--set", "model.normalization=batchNorm", "--set",
            "reversible.policy=store", "--set", "model.downsampling=strided", "--set", "model.lipschitz.mode=none",
            "--set", "training.steps=1", "--set", $"training.emaDecay={emaDecay}",
        ];
        ToolResult result = Ranked(MpiLauncher.OpenMpi, 4, "four", settings);
        Assert.Contains("wait of a step for ranks, rank 0 and the slowest", result.Output);
        Assert.Contains("on 4 ranks of Open MPI", result.Error);
        // The mean of four batches is the mean of the one batch that they make.
        Alone("one", [.. settings, "--set", "training.batchSize=8", "--set", "training.accumulate=1"]);
        float[] expected = FirstRunningMean("one"), actual = FirstRunningMean("four");
        Assert.IsTrue(expected.Any(mean => mean != 0));
        for (int channel = 0; channel < expected.Length; channel++)
        {
            Assert.AreEqual(expected[channel], actual[channel], 1e-6f);
        }
    }

    [TestMethod]
    public void OneProcessOpensNeitherMpiNorNccl()
    {
        // The loader tells of every file that it opens.
        ToolResult result = ToolProcess.Run(("LD_DEBUG", "files"), Arguments("one", "--set", "training.steps=2"));
        Assert.AreEqual(0, result.ExitCode);
        Assert.Contains("librevup_cpu", result.Error);
        Assert.DoesNotContain("libmpi", result.Error);
        Assert.DoesNotContain("libnccl", result.Error);
    }

    private string[] Arguments(string folder, params string[] more)
    {
        File.WriteAllText(Folder["ranked.json"], Recipe);
        return ["train", "--recipe", Folder["ranked.json"], "--output", Folder[folder], "--threads", "1", .. more];
    }

    private static long Refusals(ToolResult result) => result.Json.GetProperty("replays").GetInt64();

    private ToolResult Alone(string folder, params string[] more) => Tool.Succeed(Arguments(folder, more));

    private ToolResult Ranked(string launcher, int ranks, string folder, params string[] more)
    {
        ToolResult result = MpiLauncher.Run(launcher, ranks, Arguments(folder, more));
        Assert.AreEqual(0, result.ExitCode, result.Error);
        return result;
    }

    // Without the times, and without the peak, which depends on where an inversion was refused.
    private string[] Metrics(string folder) => [.. TestRuns.Metrics(Folder[folder]).Select(line =>
    {
        JsonObject json = JsonNode.Parse(line)!.AsObject();
        json.Remove("activationPeakBytes");
        return json.ToJsonString();
    })];

    private IReadOnlyList<StepMetrics> Steps(string folder) =>
        RunHistory.Read(Path.Combine(Folder[folder], MetricsLog.FileName)).Steps;

    private float[] FirstRunningMean(string folder)
    {
        using SafetensorsReader reader =
            new(Path.Combine(TestRuns.Newest(Folder[folder]).Path, TestRuns.Model));
        SafetensorsTensor mean = reader.Tensors.First(
            tensor => tensor.Name.EndsWith(".running_mean", StringComparison.Ordinal));
        float[] values = new float[mean.ByteCount / sizeof(float)];
        reader.Read(mean.Name, values.AsSpan());
        return values;
    }

    private float[] Weights(string folder)
    {
        byte[] file = TestRuns.Bytes(Folder[folder], TestRuns.Model);
        int header = 8 + (int)BitConverter.ToInt64(file);
        return MemoryMarshal.Cast<byte, float>(file.AsSpan(header)).ToArray();
    }
}
