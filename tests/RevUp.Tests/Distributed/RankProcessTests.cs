using RevUp.Backends.Cuda;
using RevUp.Distributed;
using RevUp.Tests.Cli;

namespace RevUp.Tests.Distributed;

/// <summary>A process after its MPI library was loaded. The ranks are this program again.</summary>
[TestClass]
public sealed class RankProcessTests : FolderTest
{
    // Folder of the run of ranks that another process has started.
    private const string RunVariable = "REVUP_TEST_RUN";

    /// <summary>
    /// UCX, which MPICH loads, would take over the signal by which the runtime notices null
    /// references.
    /// </summary>
    [TestMethod]
    public void RanksCatchNullReferences()
    {
        StartRanks(nameof(ANullReferenceIsCaught));
    }

    /// <summary>The work of each rank; one process of the suite does it alone.</summary>
    [TestMethod]
    public void ANullReferenceIsCaught()
    {
        RankEnvironment environment = RankEnvironment.Current();
        using Collective ranks = Collective.Join(environment);
        string[] nodes = ranks.Gather(Environment.MachineName, RankJson.Default.String, "the names of nodes");
        Assert.HasCount(environment.Size, nodes);
        string? nothing = nodes.FirstOrDefault(node => node.Length == 0);
        int length = 0;
        Assert.ThrowsExactly<NullReferenceException>(() => length = nothing!.Length);
        Assert.AreEqual(0, length);
    }

    /// <summary>A C# program on ranks of GPUs trains what one process of it trains.</summary>
    [TestMethod]
    public void AProgramTrainsOnGpusOfItsRanks()
    {
        RequireCuda();
        StartRanks(nameof(AGpuOfARankTrains), $"{RunVariable}={Folder["ranks"]}");
        Train(Folder["alone"]);
        TestRuns.AssertSameState(Folder["alone"], Folder["ranks"]);
        JsonElement record = Tool.ReadJson(Path.Combine(Folder["ranks"], RunRecord.FileName)).GetProperty("ranks");
        Assert.AreEqual(2, record.GetProperty("nodes").GetArrayLength());
        Assert.Contains("NCCL", record.GetProperty("library").GetString()!);
    }

    /// <summary>The work of each rank; one process of the suite does it alone.</summary>
    [TestMethod]
    public void AGpuOfARankTrains()
    {
        RequireCuda();
        Train(Environment.GetEnvironmentVariable(RunVariable) ?? Folder["run"]);
    }

    private static void Train(string folder) => Ranks.Run(device => new CudaBackend(device), (ranks, backend) =>
    {
        Recipe recipe = SmallRecipe.Create(
            "training.accumulate=2", "training.batchSize=4", "training.epochs=1", "training.sumInRankOrder=true");
        using TrainingRun run = new(backend, recipe, folder, resume: false, ranks);
        RunSummary summary = run.Run(progress: null, CancellationToken.None);
        Assert.AreEqual(SmallRecipe.StepsPerEpoch, summary.Step);
        Assert.AreEqual(ranks.IsFirst, summary.Evaluation.Samples > 0);
    });

    private static void RequireCuda()
    {
        if (!CudaOnCpu.IsUsable || Environment.GetEnvironmentVariable("REVUP_NCCL_LIBRARY") is null)
        {
            Assert.Inconclusive("There are no stand-ins for CUDA and NCCL.");
        }
    }

    private void StartRanks(string test, params string[] variables)
    {
        ToolResult result = ToolProcess.RunOther(
        [
            .. MpiLauncher.Words(MpiLauncher.Mpich, 2, variables), Environment.ProcessPath!, "--filter", test,
            "--results-directory", Folder["results"],
        ]);
        Assert.AreEqual(0, result.ExitCode, result.Output + result.Error);
    }
}
