namespace RevUp.Distributed;

/// <summary>
/// The processes that an MPI launcher such as mpirun has started for one training on CPUs; one
/// process without a launcher. Each is a rank. They share the passes of a step, so their number
/// must divide <see cref="Training.TrainingSettings.Accumulate"/>.
/// </summary>
/// <example>
/// <code>
/// Ranks.Run(ranks =>
/// {
///     using CpuBackend backend = new(ranks.Threads);
///     using TrainingRun run = new(backend, recipe, "runs/mine", resume: true, ranks);
///     run.Run(progress: null, CancellationToken.None);
/// });
/// </code>
/// </example>
/// <remarks>One thread of a rank uses them at a time.</remarks>
public sealed class Ranks
{
    private const int Failure = 1;

    private Ranks(Collective all) => (All, Threads) = (all, RankThreads.Share(all, out _));

    /// <summary>Number of this rank, from 0.</summary>
    public int Rank => All.Rank;

    /// <summary>Number of ranks.</summary>
    public int Size => All.Size;

    /// <summary>Whether this is rank 0, which has the run's folder and results.</summary>
    public bool IsFirst => All.IsFirst;

    /// <summary>Share of this rank in the processors of its node: threads of its backend.</summary>
    public int Threads { get; }

    /// <summary>The operations that the ranks do together.</summary>
    internal Collective All { get; }

    /// <summary>
    /// Joins the ranks of the launcher, does the work and leaves them. All ranks call it, once in
    /// a process.
    /// </summary>
    /// <remarks>
    /// An exception that all ranks throw together leaves this method. One that a rank throws alone
    /// goes to its standard error, with the rank, and ends the processes of all ranks: the others
    /// would wait for it.
    /// </remarks>
    /// <exception cref="DllNotFoundException">The launcher's MPI library is missing.</exception>
    /// <exception cref="Tensors.ConfigurationException">
    /// The launcher's variables are damaged, or its library counts other ranks.
    /// </exception>
    public static void Run(Action<Ranks> work)
    {
        ArgumentNullException.ThrowIfNull(work);
        using Collective all = Collective.Join(RankEnvironment.Current());
        try
        {
            work(new Ranks(all));
        }
        catch (Exception exception) when (!all.IsAlone && !ReferenceEquals(exception, all.Refusal))
        {
            Console.Error.WriteLine($"[{all.Place}, step {all.Step}] error: {exception}");
            all.Abort(Failure);
        }
    }
}
