using System.Diagnostics;
using RevUp.Backends;
using RevUp.Backends.Cuda;
using RevUp.Interop.Cuda;
using RevUp.Interop.Nccl;
using RevUp.Interop.Posix;
using RevUp.Tensors;

namespace RevUp.Distributed;

/// <summary>The ranks of a launcher, each on a GPU of its own, which NCCL connects.</summary>
/// <remarks>
/// Operations go to a stream of high priority beside the stream of the work. Two events order the
/// streams. What was begun needs no host: a step waits once, and may be recorded whole. Every other
/// call waits on the host, with the deadline. NCCL does not notice the end of a rank on the same
/// node, and the work then stands still for ever: after a RankLostException end the process.
/// </remarks>
internal sealed class NcclCollective : Collective
{
    // Bytes of the host that are moved at once, for each rank.
    private const int Part = 1 << 14;

    // Turns of a wait that only yield the processor: some seconds. A step must not end in a sleep.
    private const int Yields = 1 << 20;

    private readonly CudaBackend _backend;
    private readonly DeviceQueue _queue;
    private readonly CudaStream _stream;
    private readonly CudaEvent _forked;
    private readonly CudaEvent _done;
    private readonly Tensor _parts;
    private readonly NcclCommunicator _communicator;
    private readonly Collective _launcher;
    private bool _disposed;

    /// <summary>Joins the other ranks.</summary>
    /// <param name="backend">On this rank's device; disposed with the ranks.</param>
    /// <param name="environment">One rank meets itself.</param>
    /// <exception cref="DllNotFoundException">NCCL or the launcher's MPI is missing.</exception>
    /// <exception cref="ConfigurationException">Nothing says where the ranks meet.</exception>
    /// <exception cref="Interop.NativeException">
    /// Two ranks have one device, or a rank cannot be reached.
    /// </exception>
    public NcclCollective(CudaBackend backend, RankEnvironment environment)
    {
        (_backend, _queue, Rank, Size) = (backend, backend.Queue, environment.Rank, environment.Size);
        Deadline = environment.JoinDeadline ?? Deadline;
        using Driving driving = backend.Drive();
        Library = $"NCCL {NcclCommunicator.Version}";
        _launcher = Size > 1 && NcclMeeting.IsByMpi(environment) ? new MpiCollective(environment) : Alone;
        NcclUniqueId id =
            Size == 1 ? NcclCommunicator.CreateId() : NcclMeeting.Name(environment, _launcher);
        using (RankWatch watch = new(this, NotJoined()))
        {
            _communicator = NcclCommunicator.Join(Rank, Size, id);
        }
        _stream = _queue.Driver.CreateUrgentStream();
        _forked = _queue.Driver.CreateEvent(timing: false);
        _done = _queue.Driver.CreateEvent(timing: false);
        _parts = backend.Memory.Allocate(new Shape(Part * Size), ElementType.UInt8, MemoryPurpose.Workspace);
    }

    public override int Rank { get; }

    public override int Size { get; }

    public override string Library { get; }

    public override Backend Backend => _backend;

    public override bool IsConcurrent => true;

    // One rank may have a communicator as well: its steps then show what one costs.
    public override bool IsAlone => false;

    public override void Begin(Tensor values, string what)
    {
        Fork();
        DevicePointer place = DeviceQueue.Pointer(values);
        _communicator.AllReduce(place, place, values.Count, TypeOf(values), NcclOperation.Sum, _stream);
    }

    public override void BeginGather(Tensor own, Tensor all)
    {
        Fork();
        _communicator.AllGather(
            DeviceQueue.Pointer(own), DeviceQueue.Pointer(all), own.Count, TypeOf(own), _stream);
    }

    public override void BeginTogether(Action begin)
    {
        using NcclGroup group = NcclCommunicator.OpenGroup();
        begin();
    }

    public override void Complete()
    {
        _queue.Driver.Record(_done, _stream);
        _queue.Driver.Wait(_queue.Stream, _done);
    }

    public override void Await(Readback results, string what)
    {
        long start = Stopwatch.GetTimestamp();
        SpinWait spin = default;
        while (!results.IsThere)
        {
            Look(start, what);
            spin.SpinOnce(Yields);
        }
    }

    public override void Sum(Tensor values, string what)
    {
        Begin(values, what);
        Wait(what);
    }

    public override void Maximum(Span<double> numbers, string what)
    {
        for (int start = 0; start < numbers.Length; start += Part / sizeof(double))
        {
            Span<double> part = numbers[start..Math.Min(numbers.Length, start + Part / sizeof(double))];
            Span<byte> bytes = MemoryMarshal.AsBytes(part);
            Tensor device = Upload(bytes);
            DevicePointer place = DeviceQueue.Pointer(device);
            _communicator.AllReduce(place, place, part.Length, NcclType.Float64, NcclOperation.Maximum, _stream);
            Download(device, bytes, what);
        }
    }

    public override void Broadcast(Span<byte> bytes, int root, string what)
    {
        for (int start = 0; start < bytes.Length; start += Part)
        {
            Span<byte> part = bytes[start..Math.Min(bytes.Length, start + Part)];
            Tensor device = Upload(part);
            _communicator.Broadcast(DeviceQueue.Pointer(device), part.Length, NcclType.Byte, root, _stream);
            Download(device, part, what);
        }
    }

    public override void Broadcast(Tensor values, string what)
    {
        Fork();
        _communicator.Broadcast(DeviceQueue.Pointer(values), values.Count, TypeOf(values), root: 0, _stream);
        Wait(what);
    }

    public override void Gather(ReadOnlySpan<byte> own, Span<byte> all, string what)
    {
        byte[] received = new byte[Math.Min(Part, own.Length) * Size];
        for (int start = 0; start < own.Length; start += Part)
        {
            ReadOnlySpan<byte> sent = own[start..Math.Min(own.Length, start + Part)];
            Tensor device = _parts.Slice(0, new Shape(sent.Length * Size));
            Tensor place = device.Slice(Rank * sent.Length, new Shape(sent.Length));
            _backend.Upload(sent, place);
            Fork();
            _communicator.AllGather(
                DeviceQueue.Pointer(place), DeviceQueue.Pointer(device), sent.Length, NcclType.Byte, _stream);
            Span<byte> parts = received.AsSpan(0, sent.Length * Size);
            Download(device, parts, what);
            for (int rank = 0; rank < Size; rank++)
            {
                parts.Slice(rank * sent.Length, sent.Length).CopyTo(all[(rank * own.Length + start)..]);
            }
        }
    }

    public override void Exchange(Tensor parts, Tensor received, string what)
    {
        Shape part = new((int)(parts.Count / Size));
        Fork();
        using (NcclCommunicator.OpenGroup())
        {
            for (int rank = 0; rank < Size; rank++)
            {
                Tensor sent = parts.Slice(rank * part.Count, part), place = received.Slice(rank * part.Count, part);
                _communicator.Send(DeviceQueue.Pointer(sent), part.Count, TypeOf(sent), rank, _stream);
                _communicator.Receive(DeviceQueue.Pointer(place), part.Count, TypeOf(place), rank, _stream);
            }
        }
        Wait(what);
    }

    public override void Share(Tensor parts, string what)
    {
        Shape part = new((int)(parts.Count / Size));
        Tensor own = parts.Slice(Rank * part.Count, part);
        BeginGather(own, parts);
        Wait(what);
    }

    public override void Abort(int code)
    {
        if (!_launcher.IsAlone)
        {
            _launcher.Abort(code);
        }
        ProcessEnd.Now(code);
    }

    public override void Dispose()
    {
        if (_disposed)
        {
            return;
        }
        _disposed = true;
        using (Driving driving = _backend.Drive())
        using (RankWatch watch = new(this, Lost("the end of the run")))
        {
            _communicator.Complete();
            _communicator.Dispose();
            _queue.Driver.Synchronize(_stream);
            _queue.Driver.Destroy(_stream);
            _queue.Driver.Destroy(_forked);
            _queue.Driver.Destroy(_done);
            _backend.Memory.Free(_parts);
        }
        _launcher.Dispose();
        _backend.Dispose();
    }

    // What is enqueued from here on sees the work issued so far.
    private void Fork()
    {
        _queue.Driver.Record(_forked, _queue.Stream);
        _queue.Driver.Wait(_stream, _forked);
    }

    private void Wait(string what)
    {
        Complete();
        long start = Stopwatch.GetTimestamp();
        SpinWait spin = default;
        while (!_queue.Driver.IsReached(_done))
        {
            Look(start, what);
            spin.SpinOnce(Yields);
        }
        _communicator.ThrowIfFailed();
    }

    private void Look(long start, string what)
    {
        _communicator.ThrowIfFailed();
        if (Stopwatch.GetElapsedTime(start) > Deadline)
        {
            throw new RankLostException(Lost(what));
        }
    }

    private Tensor Upload(ReadOnlySpan<byte> bytes)
    {
        Tensor device = _parts.Slice(0, new Shape(bytes.Length));
        _backend.Upload(bytes, device);
        Fork();
        return device;
    }

    private void Download(Tensor device, Span<byte> bytes, string what)
    {
        Wait(what);
        _backend.Download(device, bytes);
    }

    private static NcclType TypeOf(Tensor tensor) => tensor.Type switch
    {
        ElementType.Float32 => NcclType.Float32,
        ElementType.Float64 => NcclType.Float64,
        _ => throw new ArgumentException($"Ranks send no elements of {tensor.Type}.", nameof(tensor)),
    };
}
