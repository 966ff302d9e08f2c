using RevUp.Tensors;

namespace RevUp.Distributed;

/// <summary>The ranks that a launcher has started, read from its variables alone.</summary>
/// <param name="Launcher">
/// Name of the launcher; empty where there is none, or where it started one process.
/// </param>
/// <param name="Rank">Number of this process, from 0.</param>
/// <param name="Size">Processes of the run.</param>
internal sealed record RankEnvironment(string Launcher, int Rank, int Size)
{
    /// <summary>With the value "off", this variable makes a process ignore its launcher.</summary>
    public const string Switch = "REVUP_RANKS";

    /// <summary>
    /// Seconds that this process waits for the others to join, whatever the recipe says.
    /// </summary>
    public const string JoinVariable = "REVUP_JOIN_TIMEOUT";

    // Also of Kubernetes and others that set the variables of torchrun.
    private static readonly Names s_torchrun = new("torchrun", "RANK", "WORLD_SIZE", "LOCAL_RANK");

    // Slurm's variables of a step, which srun starts. A script of sbatch has SLURM_NTASKS and
    // SLURM_PROCID as well, and is one process all the same.
    private static readonly Names s_slurm =
        new("Slurm's srun", "SLURM_PROCID", "SLURM_STEP_NUM_TASKS", "SLURM_LOCALID");

    private static readonly Names[] s_launchers =
    [
        new("Open MPI's mpirun", "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_LOCAL_RANK"),
        new("MPICH's mpirun", "PMI_RANK", "PMI_SIZE", "MPI_LOCALRANKID"),
        s_torchrun,
        s_slurm,
    ];

    private static readonly RankEnvironment s_alone = new("", 0, 1);

    /// <summary>Number of this process on its node, from 0; null where it is not told.</summary>
    public int? LocalRank { get; init; }

    /// <summary>
    /// Longest wait for the others to join; null for
    /// <see cref="Collective.DefaultTimeoutSeconds"/>.
    /// </summary>
    public TimeSpan? JoinDeadline { get; init; }

    /// <summary>Whether the launcher may connect the ranks by MPI.</summary>
    public bool HasMpi => Launcher != s_torchrun.Launcher;

    /// <summary>The GPU of this rank.</summary>
    /// <param name="devices">GPUs that this process sees. A launcher may show each its own.</param>
    /// <exception cref="ConfigurationException">The node has more ranks than GPUs.</exception>
    public int DeviceOf(int devices)
    {
        int number = Size == 1 || devices <= 1 ? 0 : LocalRank ?? Rank;
        ConfigurationException.Require(
            number == 0 || number < devices,
            $"{Launcher} has started rank {number} on this node, counted from 0, and the node shows {devices} GPUs; "
            + $"start at most {devices} ranks a node");
        return number;
    }

    /// <summary>This process's.</summary>
    /// <exception cref="ConfigurationException">
    /// A launcher's variables are damaged, or two launchers disagree.
    /// </exception>
    public static RankEnvironment Current() => Read(Environment.GetEnvironmentVariable);

    /// <summary>The ranks that some variables describe.</summary>
    /// <inheritdoc cref="Current"/>
    public static RankEnvironment Read(Func<string, string?> variable)
    {
        RankEnvironment ranks = ReadLaunchers(variable);
        if (ranks.Size == 1 || variable(JoinVariable) is not { Length: > 0 } text)
        {
            return ranks;
        }
        bool isWhole = int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int seconds);
        ConfigurationException.Require(
            isWhole && seconds is > 0 and <= Collective.MostTimeoutSeconds,
            $"{JoinVariable} is '{text}'; use a number of seconds, 1 to {Collective.MostTimeoutSeconds}, or unset it "
            + $"to wait as long as training.rankTimeoutSeconds says");
        return ranks with { JoinDeadline = TimeSpan.FromSeconds(seconds) };
    }

    private static RankEnvironment ReadLaunchers(Func<string, string?> variable)
    {
        if (variable(Switch) is { Length: > 0 } word)
        {
            ConfigurationException.Require(
                word == "off",
                $"{Switch} is '{word}'; use 'off' for one process, or unset it to join the launcher's ranks");
            return s_alone;
        }
        // Other launchers have started torchrun itself.
        if (variable("TORCHELASTIC_RUN_ID") is not null && Find(s_torchrun, variable) is { } torch)
        {
            return torch.Size == 1 ? s_alone : torch;
        }
        RankEnvironment[] found = [.. s_launchers.Select(names => Find(names, variable)).OfType<RankEnvironment>()];
        if (found.Length == 0 || found[0].Size == 1)
        {
            return s_alone;
        }
        // Behind Open MPI's mpirun Slurm's variables describe mpirun's own daemons.
        RankEnvironment? other = found[1..].FirstOrDefault(
            next => next.Launcher != s_slurm.Launcher && (next.Rank, next.Size) != (found[0].Rank, found[0].Size));
        return other is null ? found[0] : throw new ConfigurationException(
            $"{found[0].Launcher} says rank {found[0].Rank} of {found[0].Size}, and {other.Launcher} says rank "
            + $"{other.Rank} of {other.Size}: one was started by the other. Use one launcher, or set {Switch}=off for "
            + $"one process.");
    }

    private static RankEnvironment? Find(Names names, Func<string, string?> variable)
    {
        if (variable(names.Size) is not { } text)
        {
            return null;
        }
        bool isWhole = int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int size)
            & int.TryParse(variable(names.Rank), NumberStyles.None, CultureInfo.InvariantCulture, out int rank);
        ConfigurationException.Require(
            isWhole && rank < size,
            $"{names.Size} is '{text}' and {names.Rank} is '{variable(names.Rank)}', which {names.Launcher} sets to "
            + $"the number of ranks and to a smaller one; start again with it, or set {Switch}=off for one process");
        bool isLocal =
            int.TryParse(variable(names.Local), NumberStyles.None, CultureInfo.InvariantCulture, out int local);
        return new RankEnvironment(names.Launcher, rank, size) { LocalRank = isLocal ? local : null };
    }

    // Variables of a launcher.
    private sealed record Names(string Launcher, string Rank, string Size, string Local);
}
