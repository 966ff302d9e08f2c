using RevUp.Interop.Cuda;

namespace RevUp.Backends.Cuda;

/// <summary>
/// Page-locked host memory for copies, as a ring of slots. An upload returns as soon as its bytes
/// are in the ring. It waits only for the previous copy through the same slot, sixteen copies ago.
/// </summary>
/// <remarks>
/// Lengths are counted in elements: a volume of 1024³ voxels has more bytes than a span can.
/// </remarks>
internal sealed unsafe class CudaStaging : IDisposable
{
    private const int Slots = 16;
    private const int SlotBytes = 4 << 20;

    private readonly DeviceQueue _queue;
    private readonly nint _memory;
    private readonly CudaEvent[] _copied = new CudaEvent[Slots];
    private int _next;

    public CudaStaging(DeviceQueue queue)
    {
        _queue = queue;
        _memory = queue.Driver.AllocateHost((long)Slots * SlotBytes);
        for (int slot = 0; slot < Slots; slot++)
        {
            _copied[slot] = queue.Driver.CreateEvent(timing: false);
            queue.Driver.Record(_copied[slot], queue.Stream);
        }
    }

    /// <summary>
    /// Copies to the device in the order of <paramref name="stream"/>; the source may change as
    /// soon as this returns.
    /// </summary>
    public void Upload<T>(ReadOnlySpan<T> source, DevicePointer destination, CudaStream stream) where T : unmanaged
    {
        while (!source.IsEmpty)
        {
            ReadOnlySpan<T> chunk = source[..Math.Min(source.Length, SlotBytes / sizeof(T))];
            long bytes = (long)chunk.Length * sizeof(T);
            WaitForSlot();
            chunk.CopyTo(Slot<T>(_next));
            _queue.Driver.CopyToDevice(destination, Address(_next), bytes, stream);
            _queue.Driver.Record(_copied[_next], stream);
            _next = (_next + 1) % Slots;
            source = source[chunk.Length..];
            destination = Advance(destination, bytes);
        }
    }

    /// <summary>Copies from the device after everything issued before, and waits for it.</summary>
    public void Download<T>(DevicePointer source, Span<T> destination) where T : unmanaged
    {
        while (!destination.IsEmpty)
        {
            Span<T> chunk = destination[..Math.Min(destination.Length, SlotBytes / sizeof(T))];
            long bytes = (long)chunk.Length * sizeof(T);
            WaitForSlot();
            _queue.Driver.CopyToHost(Address(_next), source, bytes, _queue.Stream);
            _queue.Driver.Synchronize(_queue.Stream);
            Slot<T>(_next)[..chunk.Length].CopyTo(chunk);
            destination = destination[chunk.Length..];
            source = Advance(source, bytes);
        }
    }

    public void Dispose()
    {
        _queue.Driver.Synchronize(_queue.Stream);
        foreach (CudaEvent copied in _copied)
        {
            _queue.Driver.Destroy(copied);
        }
        _queue.Driver.FreeHost(_memory);
    }

    // The copy that used the slot before may be on another stream. Asking costs less than waiting,
    // and sixteen copies later the answer is nearly always yes.
    private void WaitForSlot()
    {
        if (!_queue.Driver.IsReached(_copied[_next]))
        {
            _queue.Driver.Synchronize(_copied[_next]);
        }
    }

    private static DevicePointer Advance(DevicePointer pointer, long bytes) => new(pointer.Address + (ulong)bytes);

    private nint Address(int slot) => _memory + (nint)slot * SlotBytes;

    private Span<T> Slot<T>(int slot) where T : unmanaged => new((void*)Address(slot), SlotBytes / sizeof(T));
}
