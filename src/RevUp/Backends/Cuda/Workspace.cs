using RevUp.Interop.Cuda;
using RevUp.Tensors;

namespace RevUp.Backends.Cuda;

/// <summary>
/// Scratch of one call to a library, from the arena. It may be given back as soon as the call is
/// issued: whoever gets the memory next uses it later on the same stream.
/// </summary>
internal readonly ref struct Workspace : IDisposable
{
    // What cuDNN and cuBLASLt want; the arena aligns to less.
    private const int Alignment = 256;

    private readonly Arena _memory;
    private readonly Tensor _tensor;

    public Workspace(Arena memory, long bytes)
    {
        _memory = memory;
        _tensor =
            bytes == 0 ? default : memory.AllocateBytes(bytes + Alignment - Arena.Alignment, MemoryPurpose.Workspace);
    }

    /// <summary>Null when no bytes were asked for.</summary>
    public DevicePointer Pointer => new(((ulong)_tensor.Address + Alignment - 1) / Alignment * Alignment);

    public void Dispose()
    {
        if (!_tensor.IsEmpty)
        {
            _memory.Free(_tensor);
        }
    }
}
