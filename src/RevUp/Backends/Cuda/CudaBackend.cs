using RevUp.Interop.Cuda;
using RevUp.Interop.Cudnn;
using RevUp.Interop.Nvtx;
using RevUp.Tensors;

namespace RevUp.Backends.Cuda;

/// <summary>
/// An NVIDIA GPU: our kernels, cuDNN convolutions and cuBLASLt products, issued in call order to
/// one stream. Operations return before they complete, except <see cref="Download"/>, which waits.
/// Sums are accumulated in an order fixed by shape, and only deterministic convolution algorithms
/// are used.
/// </summary>
public sealed unsafe partial class CudaBackend : Backend
{
    /// <summary><see cref="WorkspaceLimit"/> where none is set, in bytes.</summary>
    public const long DefaultWorkspaceLimit = 1L << 30;

    private readonly Stack<IDisposable> _opened = new();
    private readonly DeviceQueue _queue;
    private readonly CudaMemory _memory;
    private readonly CudaStaging _staging;
    private readonly CudaInbox _inbox;
    private readonly KernelTable _kernels;
    private readonly KernelLauncher _launcher;
    private readonly CudaMatrices _matrices;
    private readonly ConvolutionDevice _convolutions;

    /// <summary>Opens a GPU and takes its memory.</summary>
    /// <param name="device">Index of the device, as the driver counts.</param>
    /// <param name="capacity">Bytes that tensors may use; 0 for 90 % of what is free.</param>
    /// <param name="poison">Fill freed tensors with NaN (for tests; costs time).</param>
    /// <exception cref="DllNotFoundException">
    /// A library of CUDA is missing; the message lists where it was looked for.
    /// </exception>
    /// <exception cref="ConfigurationException">
    /// There is no such device, or the kernels were not built.
    /// </exception>
    public CudaBackend(int device = 0, long capacity = 0, bool poison = false)
        : this(new CudaProvider(), device, capacity, poison)
    {
    }

    /// <inheritdoc cref="CudaBackend(int, long, bool)"/>
    /// <param name="provider">Whose bindings of the driver and of cuBLAS to use.</param>
    /// <param name="device">Index of the device, as the driver counts.</param>
    /// <param name="capacity">Bytes that tensors may use; 0 for 90 % of what is free.</param>
    /// <param name="poison">Fill freed tensors with NaN.</param>
    public CudaBackend(ICudaProvider provider, int device = 0, long capacity = 0, bool poison = false)
    {
        try
        {
            _queue = Opened(new DeviceQueue(provider.OpenDriver(device)));
            KernelModule module = Opened(new KernelModule(_queue.Driver));
            _kernels = new KernelTable(module.Find);
            _launcher = new KernelLauncher(_queue, module);
            ConvolutionOptions options = new();
            CudnnHandle? cudnn = options.OwnAlone ? null : Opened(CudnnHandle.Create(_queue.Stream));
            _staging = Opened(new CudaStaging(_queue));
            _inbox = Opened(new CudaInbox(_queue, _staging));
            _memory = Opened(new CudaMemory(_queue, capacity, poison));
            _convolutions = new ConvolutionDevice(
                _queue, Memory, _kernels, _launcher, _staging, _memory.Counter, cudnn, options);
            _matrices = Opened(new CudaMatrices(_queue, Memory, provider.OpenBlas()));
            // A context belongs to a thread.
            Memory.Seat.Changed = _queue.Driver.MakeCurrent;
        }
        catch
        {
            Close();
            throw;
        }
    }

    /// <summary>
    /// Whether the host waits behind every operation, so that a failure names the one that caused
    /// it. For finding faults; no graph can be recorded.
    /// </summary>
    internal bool DebugLaunches
    {
        init => _queue.WaitsForEach = value;
    }

    /// <summary>
    /// The most bytes of workspace that a convolution may take: 1 GiB by default, and never more
    /// than a quarter of the tensors' memory. Where all algorithms of cuDNN want more, RevUp's own
    /// convolution takes their place.
    /// </summary>
    /// <exception cref="ConfigurationException">The number is negative.</exception>
    public long WorkspaceLimit
    {
        get => _convolutions.Options.WorkspaceLimit;
        init
        {
            ConfigurationException.Require(
                value >= 0, $"a workspace limit of {value} bytes is negative; use 0 or more bytes");
            _convolutions.Options.WorkspaceLimit = value;
        }
    }

    /// <summary>
    /// Told, in one paragraph each, of algorithms of cuDNN that are not used, and why.
    /// </summary>
    internal Action<string> Remark
    {
        init => _convolutions.Options.Remark = value;
    }

    /// <summary>Whether convolutions are RevUp's own alone.</summary>
    internal bool OwnConvolutions
    {
        init => _convolutions.Options.OwnAlone = value;
    }

    /// <summary>Whether convolutions do the operation behind them: by time, where unset.</summary>
    internal FusionRule Fusions
    {
        init => _convolutions.Options.Fusions = value;
    }

    /// <summary>The folder in which choices of algorithms are kept.</summary>
    internal string ConvolutionFolder
    {
        init => _convolutions.Options.Folder = value;
    }

    /// <summary>The device and the stream of the work.</summary>
    internal DeviceQueue Queue
    {
        get
        {
            RequireDevice();
            return _queue;
        }
    }

    /// <inheritdoc/>
    public override string Name => "cuda";

    /// <inheritdoc/>
    public override string Description => CudaDevices.Describe(Queue.Driver.Device, CudaPlatform.Probe());

    /// <inheritdoc/>
    public override Arena Memory => _memory.Arena;

    /// <summary>float32 everywhere; bfloat16 from compute capability 8.0 on.</summary>
    public override bool Supports(ElementType type)
    {
        RequireDevice();
        return type == ElementType.Float32 || Accelerates(type);
    }

    /// <summary>bfloat16 from compute capability 8.0 on, in tensor cores.</summary>
    public override bool Accelerates(ElementType type) =>
        type == ElementType.BFloat16 && CudaDevices.HasBFloat16(_queue.Driver.Device);

    internal override bool HasTf32 => Accelerates(ElementType.BFloat16);

    internal override ElementType TransitionType(ElementType branch) => branch;

    internal override bool KeepsPreactivations { get; set; } = true;

    internal override NvtxRange Range(NvtxName name, long bytes = -1) => NvtxRange.Open(name, bytes);

    internal override void Mark(NvtxName name, NvtxMark kind, double value) => NvtxRange.Mark(name, kind, value);

    /// <inheritdoc/>
    public override bool IsAsynchronous => true;

    /// <inheritdoc/>
    public override bool CanRecord => !_queue.WaitsForEach;

    /// <inheritdoc/>
    public override void Upload<T>(ReadOnlySpan<T> source, Tensor destination)
    {
        using Driving driving = Drive();
        Require(source.Length == destination.Count && sizeof(T) == destination.Type.Size(), destination, source);
        _staging.Upload(source, DeviceQueue.Pointer(destination), _queue.Stream);
        _queue.Issued("copy to the device");
    }

    /// <inheritdoc/>
    public override void Download<T>(Tensor source, Span<T> destination)
    {
        using Driving driving = Drive();
        Require<T>(destination.Length >= source.Count && sizeof(T) == source.Type.Size(), source, destination);
        _staging.Download(DeviceQueue.Pointer(source), destination[..(int)source.Count]);
    }

    /// <inheritdoc/>
    public override void Stage<T>(ReadOnlySpan<T> source, Tensor destination)
    {
        using Driving driving = Drive();
        Require(source.Length == destination.Count && sizeof(T) == destination.Type.Size(), destination, source);
        _inbox.Stage(source, DeviceQueue.Pointer(destination));
        _queue.Issued("copy of the next batch");
    }

    /// <inheritdoc/>
    public override void ReceiveStaged()
    {
        RequireDevice();
        _inbox.Receive();
    }

    /// <inheritdoc/>
    public override void ReleaseStaged()
    {
        RequireDevice();
        _inbox.Release();
    }

    internal override Readback CreateReadback(int count) => new CudaReadback(this, _queue, count);

    internal override RecordedWork Record(Action issue) => GraphNames is { } file
        ? new CudaRecordedWork(this, _queue, () => CudaGraphNames.Write(file, _queue, issue))
        : new CudaRecordedWork(this, _queue, issue);

    private protected override ConvolutionPlan CreateConvolution(ConvolutionGeometry geometry) =>
        new CudaConvolution(geometry, _convolutions);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        Close();
    }

    private static void Require<T>(bool fits, Tensor tensor, ReadOnlySpan<T> host)
    {
        if (!fits)
        {
            throw new ArgumentException(
                $"{host.Length} elements of {typeof(T).Name} do not fit a tensor {tensor.Shape} of {tensor.Type}.");
        }
    }

    private T Opened<T>(T part) where T : IDisposable
    {
        _opened.Push(part);
        return part;
    }

    // What was opened last may use what was opened before it.
    private void Close()
    {
        while (_opened.TryPop(out IDisposable? part))
        {
            Quietly.Do(part.Dispose);
        }
    }
}
