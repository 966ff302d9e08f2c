using RevUp.Distributed;

namespace RevUp.Tests.Distributed;

/// <summary>Ranks of GPUs: which one each takes, and where they meet.</summary>
[TestClass]
public sealed class NcclMeetingTests
{
    [TestMethod]
    [DataRow("RANK=3 WORLD_SIZE=4 LOCAL_RANK=1", "torchrun", 3, 4, 1)]
    [DataRow("SLURM_PROCID=5 SLURM_STEP_NUM_TASKS=8 SLURM_LOCALID=1", "Slurm's srun", 5, 8, 1)]
    [DataRow(
        "OMPI_COMM_WORLD_RANK=1 OMPI_COMM_WORLD_SIZE=2 OMPI_COMM_WORLD_LOCAL_RANK=0", "Open MPI's mpirun", 1, 2, 0)]
    [DataRow("PMI_RANK=1 PMI_SIZE=2 MPI_LOCALRANKID=1", "MPICH's mpirun", 1, 2, 1)]
    // srun has started torchrun, one for each node.
    [DataRow(
        "TORCHELASTIC_RUN_ID=7 RANK=9 WORLD_SIZE=16 LOCAL_RANK=1 PMI_RANK=1 PMI_SIZE=2 SLURM_PROCID=1 "
        + "SLURM_STEP_NUM_TASKS=2 SLURM_LOCALID=0",
        "torchrun", 9, 16, 1)]
    public void TheRankOnItsNodeIsRead(string variables, string launcher, int rank, int size, int local)
    {
        RankEnvironment expected = new(launcher, rank, size) { LocalRank = local };
        Assert.AreEqual(expected, RankEnvironment.Read(Variables(variables)));
    }

    [TestMethod]
    public void ARankTakesTheGpuOfItsNumberOnTheNode()
    {
        RankEnvironment environment = new("torchrun", 5, 8) { LocalRank = 1 };
        Assert.AreEqual(1, environment.DeviceOf(4));
        Assert.AreEqual(0, environment.DeviceOf(1), "a launcher may show each rank its own alone");
        Assert.AreEqual(5, (environment with { LocalRank = null }).DeviceOf(8));
        Assert.AreEqual(0, new RankEnvironment("", 0, 1).DeviceOf(4));
        Assert.Refuses<ConfigurationException>(
            () => (environment with { LocalRank = 4 }).DeviceOf(4), "start at most 4 ranks a node");
    }

    [TestMethod]
    public void RanksOfTorchrunNeedGpus() => Assert.Refuses<ConfigurationException>(
        () => Collective.Join(new RankEnvironment("torchrun", 0, 2)), "which need MPI on CPUs; use --device cuda");

    [TestMethod]
    [DataRow("torchrun", "MASTER_ADDR=node1 MASTER_PORT=29500", "node1:29501")]
    [DataRow("torchrun", "MASTER_ADDR=fd00::1 MASTER_PORT=1", "[fd00::1]:2")]
    [DataRow("torchrun", "NCCL_COMM_ID=other:7 MASTER_ADDR=node1 MASTER_PORT=29500", "other:7")]
    [DataRow("torchrun", "", null)]
    [DataRow("Slurm's srun", "SLURM_STEP_NODELIST=gpu7 SLURM_JOB_ID=30012", "gpu7:20012")]
    [DataRow("Slurm's srun", "SLURM_STEP_NODELIST=gpu[07-09,12],login SLURM_JOB_ID=5", "gpu07:20005")]
    [DataRow("Slurm's srun", "SLURM_STEP_NODELIST=a,b[1-2] SLURM_JOB_ID=5", "a:20005")]
    // srun can speak MPICH's protocol where there is no MPI.
    [DataRow("MPICH's mpirun", "SLURM_STEP_NODELIST=a,b SLURM_JOB_ID=5", "a:20005")]
    [DataRow("Open MPI's mpirun", "SLURM_STEP_NODELIST=a,b SLURM_JOB_ID=5 SLURM_STEP_NUM_TASKS=1", null)]
    public void TheAddressOfRankZeroIsKnownToAll(string launcher, string variables, string? address)
    {
        string step = launcher == "torchrun" ? "" : "SLURM_PROCID=1 SLURM_STEP_NUM_TASKS=2 ";
        RankEnvironment environment = new(launcher, 1, 2);
        Assert.AreEqual(address, NcclMeeting.Address(environment, Variables(step + variables)));
    }

    [TestMethod]
    public void ADamagedPortIsNamed() => Assert.Refuses<ConfigurationException>(
        () => NcclMeeting.Address(new("torchrun", 0, 2), Variables("MASTER_ADDR=node1 MASTER_PORT=x")),
        "MASTER_PORT is 'x'");

    // Later words go before earlier ones.
    private static Func<string, string?> Variables(string text)
    {
        Dictionary<string, string> all = [];
        foreach (string word in text.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            int sign = word.IndexOf('=', StringComparison.Ordinal);
            all[word[..sign]] = word[(sign + 1)..];
        }
        return name => all.GetValueOrDefault(name);
    }
}
