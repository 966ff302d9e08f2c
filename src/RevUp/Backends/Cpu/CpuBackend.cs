using RevUp.Interop.Cpu;
using RevUp.Tensors;

namespace RevUp.Backends.Cpu;

/// <summary>
/// The default backend: the native CPU library on oneDNN, multi-threaded, deterministic for a given
/// thread count. Operations complete before they return.
/// </summary>
public sealed unsafe partial class CpuBackend : Backend
{
    /// <summary>The most threads that a backend may have.</summary>
    public const int MaximumThreads = 1024;

    private readonly CpuMemory _memory;

    /// <summary>Opens the CPU.</summary>
    /// <param name="threads">
    /// Threads that compute. Other backends keep their numbers. 0 for all processors.
    /// </param>
    /// <param name="capacity">
    /// Bytes that tensors may use; 0 for all that the machine has available.
    /// </param>
    /// <param name="poison">Fill freed tensors with NaN (for tests; costs time).</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is out of range.</exception>
    public CpuBackend(int threads = 0, long capacity = 0, bool poison = false)
    {
        if (threads is < 0 or > MaximumThreads)
        {
            throw new ArgumentOutOfRangeException(
                nameof(threads),
                threads,
                $"Use 1 to {MaximumThreads} threads, or 0 for all {Environment.ProcessorCount} processors.");
        }
        ArgumentOutOfRangeException.ThrowIfNegative(capacity);
        Threads = threads > 0 ? threads : Environment.ProcessorCount;
        // For operations outside a call that drives the backend.
        CpuLibrary.SetThreads(Threads).Check();
        CpuThreads driver = new(Threads);
        _memory = new CpuMemory(capacity, poison);
        (Memory.Seat.Taken, Memory.Seat.Left) = (driver.Enter, driver.Leave);
    }

    /// <summary>Threads that compute for this backend.</summary>
    public int Threads { get; }

    /// <inheritdoc/>
    public override string Name => "cpu";

    /// <inheritdoc/>
    public override string Description
    {
        get
        {
            RequireDevice();
            byte* text = stackalloc byte[256];
            CpuThreads threads = new(Threads);
            threads.Enter();
            CpuStatus status = CpuLibrary.Describe(text, 256);
            threads.Leave();
            status.Check();
            return Marshal.PtrToStringUTF8((nint)text)!;
        }
    }

    /// <inheritdoc/>
    public override Arena Memory => _memory.Arena;

    /// <inheritdoc/>
    public override bool Supports(ElementType type) => Support(type) != CpuSupport.None;

    /// <inheritdoc/>
    public override bool Accelerates(ElementType type) => Support(type) == CpuSupport.Fast;

    /// <inheritdoc/>
    public override void Upload<T>(ReadOnlySpan<T> source, Tensor destination)
    {
        Span<T> target = Elements<T>(destination);
        if (source.Length != target.Length)
        {
            throw new ArgumentException($"{source.Length} elements do not fill a {destination.Shape}.", nameof(source));
        }
        source.CopyTo(target);
    }

    /// <inheritdoc/>
    public override void Download<T>(Tensor source, Span<T> destination) => Elements<T>(source).CopyTo(destination);

    internal override Backend Sizing() => new SizingBackend(this) { ConvolutionLimit = ConvolutionLimit };

    private protected override ConvolutionPlan CreateConvolution(ConvolutionGeometry geometry) =>
        new CpuConvolution(geometry, Memory);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        _memory.Dispose();
    }

    private CpuSupport Support(ElementType type)
    {
        RequireDevice();
        CpuSupport support = default;
        CpuLibrary.Supports((CpuType)type, &support).Check();
        return support;
    }

    private static CpuShape NativeShape(Shape shape)
    {
        CpuShape native = new() { Rank = shape.SpatialRank, Batch = shape.Batch, Channels = shape.Channels };
        for (int axis = 0; axis < shape.SpatialRank; axis++)
        {
            native.Extent[axis] = shape.Extent(axis);
        }
        return native;
    }

    /// <summary>
    /// The elements of a tensor of this backend, to read and write in place while the tensor lives.
    /// </summary>
    /// <exception cref="ArgumentException">
    /// <typeparamref name="T"/> has another size than the elements.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The tensor was freed.</exception>
    public static Span<T> Elements<T>(Tensor tensor) where T : unmanaged
    {
        if (sizeof(T) != tensor.Type.Size())
        {
            throw new ArgumentException($"A tensor of {tensor.Type} cannot be read as {typeof(T).Name}.");
        }
        return new Span<T>((void*)tensor.Address, checked((int)tensor.Count));
    }
}
