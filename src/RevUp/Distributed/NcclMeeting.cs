using RevUp.Interop.Nccl;
using RevUp.Tensors;

namespace RevUp.Distributed;

/// <summary>
/// The place where the ranks of a launcher meet for NCCL: an address that all of them know, or a
/// name that rank 0 sends by the launcher's MPI.
/// </summary>
internal static class NcclMeeting
{
    // Ports that systems give to nobody by themselves lie below 32768.
    private const int FirstPort = 20_000;
    private const int Ports = 10_000;

    /// <summary>
    /// Whether rank 0 sends the name: the launcher may have MPI, and no address is known.
    /// </summary>
    public static bool IsByMpi(RankEnvironment environment) =>
        environment.HasMpi && Address(environment, Variable) is null;

    /// <summary>The name of the communicator of all ranks.</summary>
    /// <param name="environment">Of more than one rank.</param>
    /// <param name="launcher">The launcher's MPI, where rank 0 sends the name; else alone.</param>
    /// <exception cref="ConfigurationException">Nothing says where the ranks meet.</exception>
    public static NcclUniqueId Name(RankEnvironment environment, Collective launcher)
    {
        if (launcher.IsAlone)
        {
            return NcclCommunicator.IdAt(Address(environment, Variable) ?? throw new ConfigurationException(
                $"{environment.Launcher} has started {environment.Size} ranks, and nothing says where they meet; set "
                + $"MASTER_ADDR and MASTER_PORT, or {NcclCommunicator.AddressVariable}=HOST:PORT, to a free port of "
                + "rank 0's node"));
        }
        byte[] name = launcher.IsFirst ? NcclCommunicator.CreateId().ToArray() : new byte[NcclUniqueId.Bytes];
        launcher.Broadcast(name, root: 0, "the name of the ranks");
        return NcclUniqueId.Read(name);
    }

    /// <summary>HOST:PORT of rank 0 from variables; null where they name none.</summary>
    /// <exception cref="ConfigurationException">A variable is damaged.</exception>
    public static string? Address(RankEnvironment environment, Func<string, string?> variable)
    {
        if (variable(NcclCommunicator.AddressVariable) is { Length: > 0 } own)
        {
            return own;
        }
        if (variable("MASTER_ADDR") is { Length: > 0 } host)
        {
            // The launcher listens on the port itself.
            return Join(host, Number("MASTER_PORT") + 1);
        }
        // Behind mpirun Slurm's variables are of the daemons of mpirun.
        bool isStep = variable("SLURM_PROCID") == Text(environment.Rank)
            && variable("SLURM_STEP_NUM_TASKS") == Text(environment.Size);
        return isStep && variable("SLURM_STEP_NODELIST") is { Length: > 0 } nodes
            ? Join(FirstNode(nodes), FirstPort + Number("SLURM_JOB_ID") % Ports)
            : null;

        int Number(string name) =>
            int.TryParse(variable(name), NumberStyles.None, CultureInfo.InvariantCulture, out int number)
                ? number
                : throw new ConfigurationException(
                    $"{name} is '{variable(name)}', and a number is needed for the port where ranks meet; set it, or "
                    + $"{NcclCommunicator.AddressVariable}=HOST:PORT");
    }

    // "gpu[07-09,12],login" is gpu07.
    private static string FirstNode(string nodes)
    {
        int bracket = nodes.IndexOf('[', StringComparison.Ordinal);
        string first = nodes.Split(',')[0];
        return bracket < 0 || bracket > first.Length
            ? first
            : nodes[..bracket] + nodes[(bracket + 1)..].Split(',', '-', ']')[0];
    }

    private static string Join(string host, int port) =>
        $"{(host.Contains(':', StringComparison.Ordinal) ? $"[{host}]" : host)}:{Text(port)}";

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static string? Variable(string name) => Environment.GetEnvironmentVariable(name);
}
