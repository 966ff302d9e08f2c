using RevUp.Backends.Cuda;

namespace RevUp.Distributed;

/// <summary>
/// The processes that a launcher such as mpirun has started for one training; one process without a
/// launcher. Each is a rank. They share the passes of a step, so their number must divide
/// <see cref="Training.TrainingSettings.Accumulate"/>.
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

    /// <summary>
    /// Share of this rank in the processors of its node: threads of a CPU backend.
    /// </summary>
    public int Threads { get; }

    /// <summary>The operations that the ranks do together.</summary>
    internal Collective All { get; }

    /// <summary>
    /// Joins the ranks of an MPI launcher, does the work on CPUs and leaves them. All ranks call
    /// it, once in a process.
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
        Run(Collective.Join(RankEnvironment.Current()), work);
    }

    /// <summary>
    /// The same on GPUs, which NCCL connects: each rank has one for itself. The launcher may also
    /// be torchrun or srun without MPI.
    /// </summary>
    /// <param name="open">
    /// Opens the GPU of a number, such as <c>device => new CudaBackend(device)</c>; the ranks
    /// dispose it.
    /// </param>
    /// <param name="work">Takes the ranks, and the GPU of this one.</param>
    /// <inheritdoc cref="Run(Action{Ranks})" path="/remarks"/>
    /// <exception cref="DllNotFoundException">
    /// A library of CUDA, NCCL or the launcher's MPI is missing.
    /// </exception>
    /// <exception cref="Tensors.ConfigurationException">
    /// The node has more ranks than GPUs, or nothing says where the ranks meet.
    /// </exception>
    /// <exception cref="RevUpException">A rank cannot be reached.</exception>
    public static void Run(Func<int, CudaBackend> open, Action<Ranks, CudaBackend> work)
    {
        ArgumentNullException.ThrowIfNull(open);
        ArgumentNullException.ThrowIfNull(work);
        Collective all = Collective.Join(RankEnvironment.Current(), open);
        Run(all, ranks => work(ranks, (CudaBackend)all.Backend!));
    }

    private static void Run(Collective joined, Action<Ranks> work)
    {
        using Collective all = joined;
        try
        {
            all.RequireOneVersion(Collective.Version);
            work(new Ranks(all));
        }
        catch (Exception exception) when (!all.IsAlone && !ReferenceEquals(exception, all.Refusal) && Tell(exception))
        {
            all.Abort(Failure);
        }

        // A filter runs before anything is disposed. Disposal would wait for work of a device that
        // waits for another rank.
        bool Tell(Exception exception)
        {
            Console.Error.WriteLine($"[{all.Place}, step {all.Step}] error: {exception}");
            if (all.IsConcurrent)
            {
                all.Abort(Failure);
            }
            return true;
        }
    }
}
