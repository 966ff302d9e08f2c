using RevUp.Backends;
using RevUp.Tensors;

namespace RevUp.Data;

/// <summary>Samples of a batch on a device, as they came from the host.</summary>
/// <param name="Samples">[N, (D), H, W, C], bytes or normalised floats.</param>
/// <param name="Table">[C, 256], the normalised value of each byte; empty with floats.</param>
/// <param name="Changes">[N, 10], a <see cref="SampleChanges"/> each; empty without any.</param>
internal readonly record struct DevicePixels(Tensor Samples, Tensor Table, Tensor Changes)
{
    private const int Levels = 256;
    private static readonly unsafe int s_changeLength = sizeof(SampleChanges) / sizeof(double);

    /// <summary>Whether the samples are bytes.</summary>
    public bool IsBytes => Samples.Type == ElementType.UInt8;

    /// <summary>Memory for floats.</summary>
    public static DevicePixels AllocateFloats(Arena memory, Shape shape) =>
        new(memory.Allocate(shape, ElementType.Float32, MemoryPurpose.Activations), default, default);

    /// <summary>Memory for bytes.</summary>
    /// <exception cref="ArenaExhaustedException">No memory; nothing stays allocated.</exception>
    public static DevicePixels AllocateBytes(Arena memory, Shape shape, bool withChanges)
    {
        long mark = memory.Mark();
        try
        {
            return new DevicePixels(
                memory.Allocate(shape, ElementType.UInt8, MemoryPurpose.Activations),
                memory.Allocate(new Shape(shape.Channels, Levels), ElementType.Float32, MemoryPurpose.Activations),
                withChanges
                    ? memory.Allocate(
                        new Shape(shape.Batch, s_changeLength), ElementType.Float64, MemoryPurpose.Activations)
                    : default);
        }
        catch
        {
            memory.FreeSince(mark);
            throw;
        }
    }

    /// <summary>Writes the pixels [N, (D), H, W, C].</summary>
    public void Write(Backend backend, Tensor pixels)
    {
        if (IsBytes)
        {
            backend.BytePixels(pixels.Shape[pixels.Shape.Rank - 2], Samples, Table, Changes, pixels);
        }
        else
        {
            backend.Cast(Samples, pixels);
        }
    }

    /// <summary>Frees the memory; does nothing where there is none.</summary>
    public void Free(Arena memory)
    {
        memory.TryFree(Samples);
        memory.TryFree(Table);
        memory.TryFree(Changes);
    }
}
