using RevUp.Distributed;

namespace RevUp.Tests.Distributed;

/// <summary>The ranks that the variables of launchers describe.</summary>
[TestClass]
public sealed class RankEnvironmentTests
{
    [TestMethod]
    [DataRow("", "", 0, 1)]
    [DataRow("OMPI_COMM_WORLD_RANK=1 OMPI_COMM_WORLD_SIZE=4", "Open MPI's mpirun", 1, 4)]
    [DataRow("PMI_RANK=3 PMI_SIZE=4", "MPICH's mpirun", 3, 4)]
    [DataRow("SLURM_PROCID=1 SLURM_STEP_NUM_TASKS=2", "Slurm's srun", 1, 2)]
    // A script of sbatch is one process, however many tasks its allocation has.
    [DataRow("SLURM_PROCID=0 SLURM_NTASKS=2", "", 0, 1)]
    [DataRow("OMPI_COMM_WORLD_RANK=0 OMPI_COMM_WORLD_SIZE=1", "", 0, 1)]
    [DataRow("OMPI_COMM_WORLD_RANK=1 OMPI_COMM_WORLD_SIZE=2 REVUP_RANKS=off", "", 0, 1)]
    // Slurm's variables are of the daemons by which mpirun starts its processes.
    [DataRow(
        "OMPI_COMM_WORLD_RANK=5 OMPI_COMM_WORLD_SIZE=8 SLURM_PROCID=1 SLURM_STEP_NUM_TASKS=2", "Open MPI's mpirun", 5,
        8)]
    [DataRow("PMI_RANK=1 PMI_SIZE=2 SLURM_PROCID=1 SLURM_STEP_NUM_TASKS=2", "MPICH's mpirun", 1, 2)]
    public void TheLauncherIsRecognised(string variables, string launcher, int rank, int size) =>
        Assert.AreEqual(new RankEnvironment(launcher, rank, size), RankEnvironment.Read(Variables(variables)));

    [TestMethod]
    [DataRow(
        "OMPI_COMM_WORLD_RANK=4 OMPI_COMM_WORLD_SIZE=4", "OMPI_COMM_WORLD_SIZE is '4' and OMPI_COMM_WORLD_RANK is '4'")]
    [DataRow("PMI_SIZE=4", "PMI_SIZE is '4' and PMI_RANK is ''")]
    [DataRow("SLURM_PROCID=0 SLURM_STEP_NUM_TASKS=many", "SLURM_STEP_NUM_TASKS is 'many'")]
    [DataRow("REVUP_RANKS=no", "REVUP_RANKS is 'no'; use 'off'")]
    [DataRow("PMI_RANK=0 PMI_SIZE=2 REVUP_JOIN_TIMEOUT=0", "REVUP_JOIN_TIMEOUT is '0'; use a number of seconds")]
    [DataRow("PMI_RANK=0 PMI_SIZE=2 REVUP_JOIN_TIMEOUT=1m", "REVUP_JOIN_TIMEOUT is '1m'; use a number of seconds")]
    [DataRow(
        "OMPI_COMM_WORLD_RANK=0 OMPI_COMM_WORLD_SIZE=2 PMI_RANK=0 PMI_SIZE=3",
        "Open MPI's mpirun says rank 0 of 2, and MPICH's mpirun says rank 0 of 3")]
    public void DamagedOrNestedVariablesAreRefused(string variables, string words) =>
        Assert.Refuses<ConfigurationException>(() => RankEnvironment.Read(Variables(variables)), words);

    [TestMethod]
    public void TheWaitToJoinIsReadFromAVariable()
    {
        RankEnvironment read = RankEnvironment.Read(Variables("PMI_RANK=0 PMI_SIZE=2 REVUP_JOIN_TIMEOUT=7"));
        Assert.AreEqual(TimeSpan.FromSeconds(7), read.JoinDeadline);
        // One process waits for nobody.
        Assert.IsNull(RankEnvironment.Read(Variables("REVUP_JOIN_TIMEOUT=never")).JoinDeadline);
    }

    /// <summary>Four ranks of a node with 64 processors.</summary>
    [TestMethod]
    [DataRow("0-63 0-63 0-63 0-63", 64, 16, false)]
    [DataRow("0-15 16-31 32-47 48-63", 16, 16, false)]
    [DataRow("0 1 2 3", 1, 1, true)]
    public void ThreadsAreTheShareOfARankAndABoundRankIsNoticed(string lists, int count, int threads, bool isBound)
    {
        RankThreads.Site[] node = [.. lists.Split(' ').Select(list => new RankThreads.Site("n1", list, count))];
        RankThreads.Site[] all = [.. node, new RankThreads.Site("n2", lists.Split(' ')[0], count)];
        foreach (RankThreads.Site own in node)
        {
            Assert.AreEqual(threads, RankThreads.Share(own, all, online: 64, out bool found));
            Assert.AreEqual(isBound, found);
        }
    }

    private static Func<string, string?> Variables(string text)
    {
        Dictionary<string, string> all = text.Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .Select(word => word.Split('=')).ToDictionary(pair => pair[0], pair => pair[1]);
        return name => all.GetValueOrDefault(name);
    }
}
