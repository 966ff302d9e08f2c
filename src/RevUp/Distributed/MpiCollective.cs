using System.Diagnostics;
using RevUp.Interop.Mpi;
using RevUp.Interop.Posix;
using RevUp.Tensors;

namespace RevUp.Distributed;

/// <summary>The ranks of an MPI launcher, with tensors in the memory of the CPU.</summary>
/// <remarks>
/// A call first waits for the other ranks in a way that lets other threads have the processor. The
/// operation itself then blocks in the library, which spins. Both together have the deadline.
/// </remarks>
internal sealed unsafe class MpiCollective : Collective
{
    // Turns of a wait that only yield the processor: about a millisecond. Then it sleeps.
    private const int Yields = 2000;

    private const int MaximumText = 8192;

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan s_ending = TimeSpan.FromSeconds(10);

    private readonly nint _world;
    private readonly Timer _watch;
    private string _awaited = "";
    private bool _disposed;

    public MpiCollective(RankEnvironment environment)
    {
        int provided, rank, size;
        (Rank, Size, Deadline) = (environment.Rank, environment.Size, environment.JoinDeadline ?? Deadline);
        // A process that ended before it joined would be waited for without an end.
        using (new RankWatch(this, NotJoined()))
        {
            MpiLibrary.Initialize(null, null, MpiLibrary.Funneled, &provided).Check();
        }
        MpiAbi abi = MpiLibrary.Abi;
        _world = abi.World;
        MpiLibrary.SetErrorHandler(_world, abi.ErrorsReturn).Check();
        MpiLibrary.Rank(_world, &rank).Check();
        MpiLibrary.Size(_world, &size).Check();
        Library = VersionOfLibrary();
        ConfigurationException.Require(
            (rank, size) == (Rank, Size),
            $"{environment.Launcher} started rank {environment.Rank} of {environment.Size}, and the library {Library} "
            + $"counts rank {rank} of {size}: launcher and library are of two MPIs. Set REVUP_MPI_LIBRARY to the "
            + $"launcher's library, or start with the library's mpirun; srun needs --mpi=pmi2 for MPICH, and "
            + $"--mpi=pmix for Open MPI");
        _watch = new Timer(_ => RankWatch.End(this, Lost(_awaited)));
    }

    public override int Rank { get; }

    public override int Size { get; }

    public override string Library { get; }

    public override void Sum(Tensor values, string what)
    {
        MpiAbi abi = MpiLibrary.Abi;
        int count = checked((int)values.Count);
        using Wait wait = Meet(what);
        MpiLibrary.AllReduce(abi.InPlace, (void*)values.Address, count, abi.Float, abi.Sum, _world).Check();
    }

    public override void Maximum(Span<double> numbers, string what)
    {
        MpiAbi abi = MpiLibrary.Abi;
        using Wait wait = Meet(what);
        fixed (double* first = numbers)
        {
            MpiLibrary.AllReduce(abi.InPlace, first, numbers.Length, abi.Double, abi.Maximum, _world).Check();
        }
    }

    public override void Broadcast(Span<byte> bytes, int root, string what)
    {
        using Wait wait = Meet(what);
        fixed (byte* first = bytes)
        {
            MpiLibrary.Broadcast(first, bytes.Length, MpiLibrary.Abi.Byte, root, _world).Check();
        }
    }

    public override void Broadcast(Tensor values, string what)
    {
        using Wait wait = Meet(what);
        int count = checked((int)values.Count);
        MpiLibrary.Broadcast((void*)values.Address, count, MpiLibrary.Abi.Float, 0, _world).Check();
    }

    public override void Gather(ReadOnlySpan<byte> own, Span<byte> all, string what)
    {
        MpiAbi abi = MpiLibrary.Abi;
        using Wait wait = Meet(what);
        fixed (byte* sent = own, received = all)
        {
            MpiLibrary.AllGather((nint)sent, own.Length, abi.Byte, received, own.Length, abi.Byte, _world).Check();
        }
    }

    public override void Exchange(Tensor parts, Tensor received, string what)
    {
        nint type = MpiLibrary.Abi.Float;
        int count = checked((int)(parts.Count / Size));
        using Wait wait = Meet(what);
        MpiLibrary.AllToAll((void*)parts.Address, count, type, (void*)received.Address, count, type, _world).Check();
    }

    public override void Share(Tensor parts, string what)
    {
        MpiAbi abi = MpiLibrary.Abi;
        int count = checked((int)(parts.Count / Size));
        using Wait wait = Meet(what);
        MpiLibrary.AllGather(abi.InPlace, 0, abi.Float, (void*)parts.Address, count, abi.Float, _world).Check();
    }

    public override void Abort(int code)
    {
        // The library may wait for a rank that is gone.
        using Timer end = new(_ => ProcessEnd.Now(code), null, s_patience, Timeout.InfiniteTimeSpan);
        _ = MpiLibrary.Abort(_world, code);
        ProcessEnd.Now(code);
    }

    public override void Dispose()
    {
        if (_disposed)
        {
            return;
        }
        _disposed = true;
        // MPICH over UCX's TCP: a rank that ends at once leaves another's last message without its
        // acknowledgement, and MPI_Finalize of that one waits for ever. Messages of all to all make
        // that rare. A rank that still waits has nothing left to do with the others, and goes on.
        Maximum(new double[1], "the end of the run");
        MpiStatus status = default;
        Thread ending = new(() => status = MpiLibrary.Terminate()) { IsBackground = true };
        ending.Start();
        if (ending.Join(s_ending))
        {
            status.Check();
        }
        _watch.Dispose();
    }

    // Waits for the other ranks, and watches over the operation that follows.
    private Wait Meet(string what)
    {
        _awaited = what;
        nint request = 0;
        int done = 0;
        MpiLibrary.StartBarrier(_world, &request).Check();
        long start = Stopwatch.GetTimestamp();
        SpinWait spin = default;
        while (true)
        {
            MpiLibrary.Test(&request, &done, MpiLibrary.Abi.StatusIgnore).Check();
            if (done != 0)
            {
                _watch.Change(Deadline, Timeout.InfiniteTimeSpan);
                return new Wait(this, start);
            }
            if (Stopwatch.GetElapsedTime(start) > Deadline)
            {
                throw new RankLostException(Lost(_awaited));
            }
            spin.SpinOnce(Yields);
        }
    }

    private static string VersionOfLibrary()
    {
        byte* text = stackalloc byte[MaximumText];
        int length;
        MpiLibrary.Version(text, &length).Check();
        string words = Marshal.PtrToStringUTF8((nint)text, length);
        // "Open MPI v4.1.4, package: ..." and "MPICH Version:\t4.0.2\n..."
        string[] first = words.Split(',', '\n')[0].Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
        return string.Join(' ', first.Where(word => word != "Version:"));
    }

    private readonly ref struct Wait(MpiCollective ranks, long start)
    {
        public void Dispose()
        {
            ranks._watch.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            ranks.Waited += Stopwatch.GetElapsedTime(start);
        }
    }
}
