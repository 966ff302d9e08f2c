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
            VoxelType.UInt32 => 768,
            VoxelType.Int64 => 1024,
            _ => 1280,
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
                VoxelType.Int64 or VoxelType.UInt64 => BitConverter.GetBytes((long)value),
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

    /// <summary>Overwrites floats of a little-endian file.</summary>
    public static void WriteFloats(byte[] file, int at, params float[] numbers)
    {
        for (int i = 0; i < numbers.Length; i++)
        {
            Put(file, at + 4 * i, BitConverter.GetBytes(numbers[i]), bigEndian: false);
        }
    }

    /// <summary>
    /// A file of W × H × D voxels of Int16, stored numbers 0, 1, 2, ..., with a header of NIfTI-1
    /// whose affine has the given linear part by rows.
    /// </summary>
    public static byte[] CreateOriented(int width, int height, int depth, params float[] rows)
    {
        byte[] file = new byte[352 + 2 * width * height * depth];
        Create(VoxelType.Int16, bigEndian: false)[..352].CopyTo(file, 0);
        Write(file, 42, (short)width, (short)height, (short)depth);
        Write(file, 254, 1);
        for (int row = 0; row < 3; row++)
        {
            WriteFloats(file, 280 + 16 * row, rows[3 * row], rows[3 * row + 1], rows[3 * row + 2], 0);
        }
        for (int i = 0; i < width * height * depth; i++)
        {
            Write(file, 352 + 2 * i, (short)i);
        }
        return file;
    }

    /// <summary>
    /// The same voxels as <see cref="Create"/> with a header of NIfTI-2, of 544 bytes with its
    /// extension.
    /// </summary>
    public static byte[] CreateVersion2(VoxelType type, bool bigEndian, double slope = 1, double intercept = 0)
    {
        byte[] first = Create(type, bigEndian), file = new byte[544 + first.Length - 352];
        Put(file, 0, BitConverter.GetBytes(540), bigEndian);
        "n+2\0\r\n\u001A\n"u8.CopyTo(file.AsSpan(4));
        first.AsSpan(70, 2).CopyTo(file.AsSpan(12));
        long[] dimensions = [3, 4, 3, 2, 1, 1, 1, 1];
        for (int i = 0; i < dimensions.Length; i++)
        {
            Put(file, 16 + 8 * i, BitConverter.GetBytes(dimensions[i]), bigEndian);
        }
        Put(file, 168, BitConverter.GetBytes(544L), bigEndian);
        Put(file, 176, BitConverter.GetBytes(slope), bigEndian);
        Put(file, 184, BitConverter.GetBytes(intercept), bigEndian);
        first.AsSpan(352).CopyTo(file.AsSpan(544));
        return file;
    }

    private static void Put(byte[] file, int at, byte[] bytes, bool bigEndian)
    {
        IEnumerable<byte> ordered = bigEndian == BitConverter.IsLittleEndian ? bytes.Reverse() : bytes;
        ordered.ToArray().CopyTo(file, at);
    }
}
