using RevUp.Interop;
using RevUp.Interop.Cuda;
using RevUp.Tensors;

namespace RevUp.Backends.Cuda;

/// <summary>
/// Memory for a proof, outside of the arena, whose counters tell of training alone: a place for
/// each operand.
/// </summary>
internal sealed class ProofMemory : IDisposable
{
    private const long Alignment = 256;
    private const float ThirteenBits = 1 + 1f / (1 << 12);

    private readonly ConvolutionDevice _device;
    private readonly DevicePointer[] _places;

    private ProofMemory(ConvolutionDevice device, DevicePointer start, ReadOnlySpan<long> sizes)
    {
        _device = device;
        _places = new DevicePointer[sizes.Length];
        ulong address = start.Address;
        for (int i = 0; i < sizes.Length; i++)
        {
            _places[i] = new DevicePointer(address);
            address += (ulong)Rounded(sizes[i]);
        }
    }

    /// <summary>An operand's place.</summary>
    public DevicePointer this[int place] => _places[place];

    /// <summary>
    /// Places of these numbers of bytes; null where the device has not enough memory.
    /// </summary>
    public static ProofMemory? Take(ConvolutionDevice device, ReadOnlySpan<long> sizes)
    {
        long bytes = 0;
        foreach (long part in sizes)
        {
            bytes += Rounded(part);
        }
        try
        {
            return new ProofMemory(device, device.Queue.Driver.Allocate(bytes), sizes);
        }
        catch (NativeException exception) when (exception.Status is CudaResult.OutOfMemory)
        {
            return null;
        }
    }

    /// <summary>A place as a tensor.</summary>
    public Tensor Tensor(int place, ElementType type, Shape shape) => new((nint)_places[place].Address, type, shape);

    /// <summary>
    /// Fills a place with -1, 0 and 1. The first operand of exact float32 gets 13 bits, which TF32
    /// would round.
    /// </summary>
    public void FillNumbers(int place, long count, in ConvolutionGeometry geometry)
    {
        bool isExact = place == 0 && geometry.Type == ElementType.Float32 && !geometry.Tf32;
        _device.Launcher.Elementwise(
            _device.Kernels.ConvolutionNumbers(geometry.Type), count,
            [count, 1L + place, isExact ? ThirteenBits : 1, _places[place].Address]);
    }

    /// <summary>Fills a place with a byte: zeros, or NaN of 0xFF.</summary>
    public void Fill(int place, byte value, long bytes) =>
        _device.Queue.Driver.FillBytes(_places[place], value, bytes, _device.Queue.Stream);

    // A device that is lost frees nothing; what lost it is thrown.
    public void Dispose() => Quietly.Do(() => _device.Queue.Driver.Free(_places[0]));

    private static long Rounded(long bytes) => (bytes + Alignment - 1) / Alignment * Alignment;
}
