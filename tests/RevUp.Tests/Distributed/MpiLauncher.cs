using RevUp.Tests.Cli;

namespace RevUp.Tests.Distributed;

/// <summary>The launchers of Open MPI and MPICH, which may both be installed.</summary>
internal static class MpiLauncher
{
    public const string OpenMpi = "mpirun.openmpi";
    public const string Mpich = "mpirun.mpich";

    private static readonly Dictionary<string, string> s_packages = new()
    {
        [OpenMpi] = "openmpi-bin",
        [Mpich] = "mpich",
    };

    /// <summary>
    /// The words that start a program on ranks; the test is inconclusive without the launcher.
    /// </summary>
    /// <param name="launcher">Its name.</param>
    /// <param name="ranks">Number of ranks, also above the number of processors.</param>
    /// <param name="variables">Further variables of the ranks, NAME=VALUE.</param>
    public static string[] Words(string launcher, int ranks, params string[] variables)
    {
        bool isThere = Environment.GetEnvironmentVariable("PATH")!.Split(Path.PathSeparator)
            .Any(folder => File.Exists(Path.Combine(folder, launcher)));
        if (!isThere)
        {
            Assert.Inconclusive($"{launcher} is not there; the Debian package {s_packages[launcher]} brings it.");
        }
        // Ranks that wait for a processor must not spin for it. Open MPI refuses to work as root.
        string[] environment =
        [
            "env", "OMP_WAIT_POLICY=passive", "OMPI_ALLOW_RUN_AS_ROOT=1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1",
            .. variables, launcher,
        ];
        string[] options = launcher == OpenMpi ? ["--bind-to", "none", "--oversubscribe"] : [];
        return [.. environment, .. options, "-np", ranks.ToString(CultureInfo.InvariantCulture)];
    }

    /// <summary>Runs the tool on ranks to its end.</summary>
    public static ToolResult Run(string launcher, int ranks, string[] arguments, params string[] variables)
    {
        using Process process = ToolProcess.StartBehind(Words(launcher, ranks, variables), arguments);
        return process.Finish();
    }

    /// <summary>Process ids of the ranks that a launcher has started, in their order.</summary>
    public static int[] Ranks(Process launcher) =>
        [.. Descendants(launcher.Id).Select(id => (Id: id, Rank: Rank(id))).Where(found => found.Rank >= 0)
            .OrderBy(found => found.Rank).Select(found => found.Id)];

    private static IEnumerable<int> Descendants(int id)
    {
        string path = $"/proc/{id}/task/{id}/children";
        string children = File.Exists(path) ? File.ReadAllText(path) : "";
        foreach (string word in children.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            int child = int.Parse(word, CultureInfo.InvariantCulture);
            yield return child;
            foreach (int descendant in Descendants(child))
            {
                yield return descendant;
            }
        }
    }

    // −1 of a process that is no rank, such as MPICH's own daemon.
    private static int Rank(int id)
    {
        string[] variables = File.ReadAllText($"/proc/{id}/environ").Split('\0');
        bool isTool = File.ReadAllText($"/proc/{id}/cmdline").Contains("RevUp.Cli", StringComparison.Ordinal);
        string? rank = variables.FirstOrDefault(
            text => text.StartsWith("OMPI_COMM_WORLD_RANK=", StringComparison.Ordinal)
                || text.StartsWith("PMI_RANK=", StringComparison.Ordinal));
        return isTool && rank is not null ? int.Parse(rank.Split('=')[1], CultureInfo.InvariantCulture) : -1;
    }
}
