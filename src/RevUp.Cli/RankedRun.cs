using RevUp.Distributed;

namespace RevUp.Cli;

/// <summary>Runs a command on all ranks of a launcher, or in one process without.</summary>
internal static class RankedRun
{
    /// <summary>
    /// Joins the ranks, runs the work and leaves them. A rank that fails alone ends the others.
    /// </summary>
    /// <param name="terminal">Where failures are told.</param>
    /// <param name="verbose">Whether with a stack trace.</param>
    /// <param name="join">Joins the ranks.</param>
    /// <param name="work">Returns the exit code.</param>
    public static int Run(
        Terminal terminal, bool verbose, Func<RankEnvironment, Collective> join, Func<Collective, int> work)
    {
        RankEnvironment environment = RankEnvironment.Current();
        Collective? ranks = null;
        try
        {
            ranks = join(environment);
            ranks.RequireOneVersion(Collective.Version);
            int code = work(ranks);
            ranks.Dispose();
            return code;
        }
        catch (Exception exception) when (environment.Size > 1 && Settle(exception))
        {
            if (IsAlone(exception))
            {
                Tell(exception);
                ranks?.Abort(ExitCode.Failure);
                return ExitCode.Failure;
            }
            // All ranks fail alike, and one message is enough.
            if (ranks!.IsFirst)
            {
                Failure.Report(exception, terminal.Error, verbose);
            }
            ranks.Dispose();
            return ExitCode.Failure;
        }

        bool IsAlone(Exception exception) => ranks is null || !ReferenceEquals(exception, ranks.Refusal);

        // A filter runs before anything is disposed. Disposal would wait for work of a device that
        // waits for another rank.
        bool Settle(Exception exception)
        {
            if (ranks is { IsConcurrent: true } && IsAlone(exception))
            {
                Tell(exception);
                ranks.Abort(ExitCode.Failure);
            }
            return true;
        }

        void Tell(Exception exception)
        {
            string step = ranks is { Step: > 0 } ? $", step {ranks.Step}" : "";
            string place = $"[rank {environment.Rank} of {environment.Size} on {Environment.MachineName}{step}] ";
            Failure.Report(exception, terminal.Faults, verbose, place);
        }
    }

    /// <summary>Refuses a command that every rank would do once more.</summary>
    /// <exception cref="ConfigurationException">A launcher has started several ranks.</exception>
    public static void Refuse(string command)
    {
        RankEnvironment environment = RankEnvironment.Current();
        ConfigurationException.Require(
            environment.Size == 1,
            $"'revup {command}' works in one process, and {environment.Launcher} has started {environment.Size}; start "
            + $"it without the launcher, or set {RankEnvironment.Switch}=off");
    }
}
