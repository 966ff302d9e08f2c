using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using RevUp.Backends.Cuda;
using RevUp.Distributed;
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

    /// <summary>The launcher's MPI sends the name by which the ranks meet.</summary>
    [TestMethod]
    [DataRow(MpiLauncher.OpenMpi)]
    [DataRow(MpiLauncher.Mpich)]
    public void RanksOfAnMpiLauncherMeet(string launcher)
    {
        string[] ordered = ["--set", "training.sumInRankOrder=true"];
        ToolResult alone = ToolProcess.Run(null, Arguments("alone", ordered));
        Assert.AreEqual(0, alone.ExitCode, alone.Error);
        ToolResult ranked = MpiLauncher.Run(launcher, 2, Arguments("ranked", ordered), "REVUP_CUDA_ON_CPU_DEVICES=2");
        Assert.AreEqual(0, ranked.ExitCode, ranked.Error);
        Assert.Contains("on 2 ranks of NCCL", ranked.Error);
        TestRuns.AssertSameState(Folder["alone"], Folder["ranked"]);
    }

    /// <summary>Sums of one rank are sent, and change no bit; tests/gpu measures them.</summary>
    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void OneRankWithACommunicatorTrainsAsWithout(bool graph)
    {
        using TestNetwork alone = new(TestDevice.Cuda(0), TestModel.Get(TestModel.Squeeze), cudaGraph: graph);
        alone.Train(6);
        Collective? all = null;
        using TestNetwork ranked = new(
            TestDevice.Cuda(0), TestModel.Get(TestModel.Squeeze), cudaGraph: graph, ranks: backend =>
                all = new NcclCollective((CudaBackend)backend, new RankEnvironment("", 0, 1)));
        Assert.IsFalse(all!.IsAlone);
        ranked.Train(5);
        string[] ranges = RecordedRanges.Of(() => ranked.Train(1));
        Assert.AreEqual(!graph, ranges.Any(name => name.Contains("ncclAllReduce", StringComparison.Ordinal)));
        Assert.AreEqual(graph, ranked.Step.Recordings > 0);
        CollectionAssert.AreEqual(alone.TrainingState(), ranked.TrainingState());
        all.Dispose();
    }

    [TestMethod]
    public void ThePiecesOfAStepLeaveBesideItAndItsSmallSumsAsOneGroup()
    {
        (string Name, string Value)[] place = [("MASTER_ADDR", "127.0.0.1"), ("MASTER_PORT", FreePort())];
        string[][] ranges = new string[2][];
        Array.ForEach(place, variable => Environment.SetEnvironmentVariable(variable.Name, variable.Value));
        try
        {
            Task.WaitAll(
                [.. Enumerable.Range(0, 2).Select(rank =>
                    Task.Factory.StartNew(() => ranges[rank] = RangesOfAStep(rank), TaskCreationOptions.LongRunning))]);
        }
        finally
        {
            Array.ForEach(place, variable => Environment.SetEnvironmentVariable(variable.Name, null));
        }
        foreach (string[] names in ranges)
        {
            string[] sent = [.. names.Where(name => name.StartsWith("nccl", StringComparison.Ordinal))];
            Assert.IsTrue(sent[..^4].All(name => name.StartsWith("ncclAllReduce ", StringComparison.Ordinal)));
            // Stop and losses, statistics of the inversions, coefficients.
            Assert.AreEqual("ncclAllReduce 3", sent[^4]);
            Assert.IsTrue(sent[^3..^1].All(name => name.StartsWith("ncclAllGather ", StringComparison.Ordinal)));
            Assert.AreEqual("ncclGroupEnd 3", sent[^1]);
            Assert.IsLessThan(
                Array.LastIndexOf(names, "stem"), Array.IndexOf(names, sent[0]), "the backward pass ends first");
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

    // Of a step that follows a plan. The rank is a thread.
    private static string[] RangesOfAStep(int rank)
    {
        Collective? all = null;
        using TestNetwork network = new(
            TestDevice.Cuda(rank), TestModel.Get(TestModel.Adaptive), ranks: backend => all = new NcclCollective(
                (CudaBackend)backend, new RankEnvironment("torchrun", rank, 2) { LocalRank = rank }));
        network.Train(4);
        string[] ranges = RecordedRanges.Of(() => network.Train(1));
        Assert.IsGreaterThan(0, network.Engine.Inverter.Plan.Most);
        all!.Dispose();
        return [.. ranges.Select(name => name.Trim())];
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
