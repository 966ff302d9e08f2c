using RevUp.Data.Volumes;

namespace RevUp.Tests.Support;

/// <summary>NIfTI-1 files of 4 × 3 × 2 voxels, written by hand from nifti1.h.</summary>
internal static class NiftiFiles
{
    /// <summary>The number that is stored at a place of the file's order.</summary>
    public static float Stored(int i) => i % 100;

    /// <summary>With an extension of 4 bytes after the header, as all files have.</summary>
    public static byte[] Create(VoxelType type, bool bigEndian, float slope = 1, float intercept = 0, int channels = 1)
    {
        short code = type switch
        {
            VoxelType.UInt8 => 2,
            VoxelType.Int16 => 4,
            VoxelType.Int32 => 8,
            VoxelType.Float32 => 16,
            VoxelType.Float64 => 64,
            VoxelType.Int8 => 256,
            VoxelType.UInt16 => 512,
            _ => 768,
        };
        byte[] file = new byte[352 + 24 * channels * type.Size()];
        Put(file, 0, BitConverter.GetBytes(348), bigEndian);
        short[] dimensions = [5, 4, 3, 2, 1, (short)channels, 1, 1];
        for (int i = 0; i < dimensions.Length; i++)
        {
            Put(file, 40 + 2 * i, BitConverter.GetBytes(dimensions[i]), bigEndian);
        }
        Put(file, 70, BitConverter.GetBytes(code), bigEndian);
        Put(file, 108, BitConverter.GetBytes(352f), bigEndian);
        Put(file, 112, BitConverter.GetBytes(slope), bigEndian);
        Put(file, 116, BitConverter.GetBytes(intercept), bigEndian);
        "n+1\0"u8.CopyTo(file.AsSpan(344));
        for (int i = 0; i < 24 * channels; i++)
        {
            float value = Stored(i);
            byte[] bytes = type switch
            {
                VoxelType.UInt8 or VoxelType.Int8 => [(byte)value],
                VoxelType.Int16 or VoxelType.UInt16 => BitConverter.GetBytes((short)value),
                VoxelType.Int32 or VoxelType.UInt32 => BitConverter.GetBytes((int)value),
                VoxelType.Float32 => BitConverter.GetBytes(value),
                _ => BitConverter.GetBytes((double)value),
            };
            Put(file, 352 + i * bytes.Length, bytes, bigEndian);
        }
        return file;
    }

    /// <summary>Overwrites numbers of a little-endian file.</summary>
    public static void Write(byte[] file, int at, params short[] numbers)
    {
        for (int i = 0; i < numbers.Length; i++)
        {
            Put(file, at + 2 * i, BitConverter.GetBytes(numbers[i]), bigEndian: false);
        }
    }

    private static void Put(byte[] file, int at, byte[] bytes, bool bigEndian)
    {
        IEnumerable<byte> ordered = bigEndian == BitConverter.IsLittleEndian ? bytes.Reverse() : bytes;
        ordered.ToArray().CopyTo(file, at);
    }
}
