using System.Numerics;

namespace RevUp.Data.Volumes;

/// <summary>Stored numbers to float32.</summary>
internal static class Voxels
{
    public static int Size(this VoxelType type) => type switch
    {
        VoxelType.UInt8 or VoxelType.Int8 => 1,
        VoxelType.Int16 or VoxelType.UInt16 => 2,
        VoxelType.Int32 or VoxelType.UInt32 or VoxelType.Float32 => 4,
        _ => 8,
    };

    /// <summary>value = slope · stored + intercept in double, rounded once to float.</summary>
    /// <param name="stored">As in the file; overwritten when <paramref name="swap"/>.</param>
    /// <param name="type">Of the stored numbers.</param>
    /// <param name="swap">Whether their byte order differs from this machine's.</param>
    /// <param name="slope">Multiplied first.</param>
    /// <param name="intercept">Added then.</param>
    /// <param name="channels">C; above 1 the stored numbers are planar, [C, positions].</param>
    /// <param name="values">[positions, C], channels-last.</param>
    public static void Convert(
        Span<byte> stored, VoxelType type, bool swap, double slope, double intercept, int channels, Span<float> values)
    {
        if (swap)
        {
            SwapBytes(stored, type.Size());
        }
        switch (type)
        {
            case VoxelType.UInt8: Scale<byte>(stored, slope, intercept, channels, values); break;
            case VoxelType.Int8: Scale<sbyte>(stored, slope, intercept, channels, values); break;
            case VoxelType.Int16: Scale<short>(stored, slope, intercept, channels, values); break;
            case VoxelType.UInt16: Scale<ushort>(stored, slope, intercept, channels, values); break;
            case VoxelType.Int32: Scale<int>(stored, slope, intercept, channels, values); break;
            case VoxelType.UInt32: Scale<uint>(stored, slope, intercept, channels, values); break;
            case VoxelType.Int64: Scale<long>(stored, slope, intercept, channels, values); break;
            case VoxelType.UInt64: Scale<ulong>(stored, slope, intercept, channels, values); break;
            case VoxelType.Float32: Scale<float>(stored, slope, intercept, channels, values); break;
            default: Scale<double>(stored, slope, intercept, channels, values); break;
        }
    }

    private static void Scale<T>(
        ReadOnlySpan<byte> stored, double slope, double intercept, int channels, Span<float> values)
        where T : unmanaged, INumber<T>
    {
        ReadOnlySpan<T> numbers = MemoryMarshal.Cast<byte, T>(stored);
        int positions = numbers.Length / channels;
        for (int channel = 0; channel < channels; channel++)
        {
            ReadOnlySpan<T> plane = numbers.Slice(channel * positions, positions);
            for (int i = 0; i < plane.Length; i++)
            {
                values[i * channels + channel] = (float)(slope * double.CreateTruncating(plane[i]) + intercept);
            }
        }
    }

    private static void SwapBytes(Span<byte> stored, int size)
    {
        for (int i = 0; size > 1 && i < stored.Length; i += size)
        {
            stored.Slice(i, size).Reverse();
        }
    }
}
