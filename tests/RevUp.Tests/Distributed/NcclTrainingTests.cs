using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using RevUp.Tests.Cli;

namespace RevUp.Tests.Distributed;

/// <summary>
/// Two ranks on the stand-ins for CUDA and NCCL, started as torchrun starts them, train what one
/// process trains.
/// </summary>
[TestClass]
public sealed class NcclTrainingTests : FolderTest
{
    // Two passes a step; six steps.
    private const string Recipe = """
        {
          "name": "ranked",
          "data": { "dataset": "synthetic", "extents": [8, 8], "classes": 4, "trainingSamples": 24, "flip": true },
          "model": {
            "downsampling": "squeeze",
            "stages": [{ "blocks": 2, "channels": 4 }, { "blocks": 1, "channels": 16, "width": 4 }]
          },
          "training": {
            "epochs": 1, "batchSize": 2, "accumulate": 2, "bucketBytes": 512, "schedule": { "kind": "constant" }
          }
        }
        """;

    [TestInitialize]
    public void RequireStandIns()
    {
        if (!CudaOnCpu.IsUsable || Environment.GetEnvironmentVariable("REVUP_NCCL_LIBRARY") is null)
        {
            Assert.Inconclusive("There are no stand-ins for CUDA and NCCL.");
        }
    }

    [TestMethod]
    [DataRow("invert")]
    [DataRow("store")]
    public void TwoRanksTrainWhatOneProcessTrains(string policy)
    {
        // One process inverts by the adaptive solver, and ranks by a plan: both to rounding. A plan
        // of too few evaluations is refused by all ranks.
        string[] settings =
        [
            "--set", $"reversible.policy={policy}", "--set", "reversible.tolerance=1e-6", "--set",
            "reversible.hardLimit=1e-5",
        ];
        string[] ordered = [.. settings, "--set", "training.sumInRankOrder=true"];
        ToolResult alone = ToolProcess.Run(null, Arguments("alone", ordered));
        Assert.AreEqual(0, alone.ExitCode, alone.Error);
        Assert.Contains("on 2 ranks of NCCL", Ranked("graph", [.. settings, "--cuda-graph"]));
        float[] expected = Weights("alone"), actual = Weights("graph");
        double scale = Math.Sqrt(expected.Sum(value => (double)value * value));
        double difference = Math.Sqrt(expected.Zip(actual).Sum(pair => Math.Pow(pair.First - pair.Second, 2)));
        Assert.IsLessThan(1e-5 * scale, difference);
        if (policy == "invert")
        {
            Ranked("eager", settings);
            TestRuns.AssertSameState(Folder["eager"], Folder["graph"]);
            Ranked("ordered", ordered);
            TestRuns.AssertSameState(Folder["alone"], Folder["ordered"]);
        }
    }

    [TestMethod]
    public void ALostRankEndsTheOtherWithOneLine()
    {
        string[] train =
            Arguments("run", "--set", "training.epochs=100000", "--set", "training.rankTimeoutSeconds=2");
        string port = FreePort();
        using Process first = Start(0, port, train), second = Start(1, port, train);
        first.WaitFor("step 3/");
        second.Kill();
        ToolResult result = first.Finish();
        Assert.AreNotEqual(0, result.ExitCode);
        string line = result.Error.Split('\n').Single(text => text.Contains("error: ", StringComparison.Ordinal));
        Assert.StartsWith($"[rank 0 of 2 on {Environment.MachineName}, step ", line);
    }

    private string[] Arguments(string folder, params string[] more)
    {
        File.WriteAllText(Folder["ranked.json"], Recipe);
        return
        [
            "train", "--recipe", Folder["ranked.json"], "--output", Folder[folder], "--threads", "1", "--device",
            "cuda", .. more,
        ];
    }

    // What rank 0 says.
    private string Ranked(string folder, string[] settings)
    {
        string[] train = Arguments(folder, settings);
        string port = FreePort();
        using Process first = Start(0, port, train), second = Start(1, port, train);
        Task<ToolResult> other = Task.Run(second.Finish);
        ToolResult result = first.Finish();
        Assert.AreEqual(0, result.ExitCode, result.Error);
        Assert.AreEqual(0, other.Result.ExitCode, other.Result.Error);
        Assert.AreEqual("", other.Result.Output + other.Result.Error);
        return result.Error;
    }

    private static Process Start(int rank, string port, string[] train) => ToolProcess.StartBehind(
        [
            "env", "REVUP_CUDA_ON_CPU_DEVICES=2", "TORCHELASTIC_RUN_ID=test", $"RANK={rank}", $"LOCAL_RANK={rank}",
            "WORLD_SIZE=2", "MASTER_ADDR=127.0.0.1", $"MASTER_PORT={port}",
        ],
        train);

    // The next one is where the ranks meet.
    private static string FreePort()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port.ToString(CultureInfo.InvariantCulture);
    }

    private float[] Weights(string folder)
    {
        byte[] file = TestRuns.Bytes(Folder[folder], TestRuns.Model);
        int header = 8 + (int)BitConverter.ToInt64(file);
        return MemoryMarshal.Cast<byte, float>(file.AsSpan(header)).ToArray();
    }
}
