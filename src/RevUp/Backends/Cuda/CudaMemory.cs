using RevUp.Interop.Cuda;
using RevUp.Tensors;

namespace RevUp.Backends.Cuda;

/// <summary>
/// The one allocation of a CUDA backend: first the small buffers of the reductions, then the arena.
/// </summary>
internal sealed class CudaMemory : IDisposable
{
    private const double FractionOfFree = 0.9;

    // Two sums per block of the widest elementwise launch.
    private const int PartialSums = 2 * KernelLauncher.MaximumBlocks;
    private const long OwnBytes = PartialSums * sizeof(double) + Arena.Alignment;

    private readonly DeviceQueue _queue;
    private readonly DevicePointer _start;
    private nint _next;

    /// <param name="queue">The device.</param>
    /// <param name="capacity">
    /// Bytes, or 0 for 90 % of what is free now: the rest is for the libraries and for other
    /// processes.
    /// </param>
    /// <param name="poison">Fill freed memory with NaN, to make a read of it visible.</param>
    public CudaMemory(DeviceQueue queue, long capacity, bool poison)
    {
        _queue = queue;
        long bytes = capacity > 0 ? capacity : (long)(FractionOfFree * queue.Driver.MemoryInfo().FreeBytes);
        ConfigurationException.Require(
            bytes > OwnBytes,
            $"{bytes} bytes of {queue.Driver.Device.Name} are there to use, and a backend needs {OwnBytes} for itself; "
            + $"free or allow more");
        _start = queue.Driver.Allocate(bytes);
        _next = (nint)_start.Address;
        Partials = Reserve(PartialSums, ElementType.Float64);
        Counter = Reserve(1, ElementType.Float32);
        // The last block of a reduction leaves the counter at zero again, so this is the only time.
        queue.Driver.FillBytes(DeviceQueue.Pointer(Counter), 0, Counter.Bytes, queue.Stream);
        Arena = new Arena(_next, bytes - OwnBytes, poison ? FillWithNaN : null);
    }

    public Arena Arena { get; }

    /// <summary>Partial sums that the blocks of a reduction leave for the last block.</summary>
    public Tensor Partials { get; }

    /// <summary>
    /// How many blocks of a reduction have finished, as an unsigned integer; zero between launches.
    /// </summary>
    public Tensor Counter { get; }

    public void Dispose() => _queue.Driver.Free(_start);

    private Tensor Reserve(int count, ElementType type)
    {
        Tensor tensor = new(_next, type, new Shape(count));
        _next += (nint)((tensor.Bytes + Arena.Alignment - 1) / Arena.Alignment * Arena.Alignment);
        return tensor;
    }

    private void FillWithNaN(nint address, long bytes) =>
        _queue.Driver.FillBytes(new DevicePointer((ulong)address), byte.MaxValue, bytes, _queue.Stream);
}
