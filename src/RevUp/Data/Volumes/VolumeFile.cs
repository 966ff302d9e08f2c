using System.IO.Compression;
using RevUp.Tensors;

namespace RevUp.Data.Volumes;

/// <summary>Reads volumes of one shape, one after the other, into the caller's floats; keeps a buffer of one volume as it is stored.</summary>
/// <param name="sample">[1, D, H, W, C], or [1, H, W, C] for slices; what every file must have.</param>
/// <param name="rawType">The numbers of files that are not NIfTI: bare, little-endian, in the order of the sample.</param>
internal sealed class VolumeFile(Shape sample, VoxelType rawType)
{
    private byte[] _stored = [];

    /// <summary>Fills (D)·H·W·C floats, channels-last, with the values of a .nii, .nii.gz or raw file (which may end in .gz too).</summary>
    /// <exception cref="DataFileException">The file is missing, damaged, of another shape, or has a value that is not finite.</exception>
    public void Read(string path, Span<float> values)
    {
        try
        {
            using Stream content = Open(path);
            if (IsNifti(path))
            {
                ReadNifti(path, content, values);
            }
            else
            {
                Span<byte> stored = ReadStored(path, content, rawType, start: 0);
                Voxels.Convert(stored, rawType, !BitConverter.IsLittleEndian, slope: 1, intercept: 0, channels: 1, values);
            }
        }
        catch (InvalidDataException exception)
        {
            throw new DataFileException(path, $"the gzip stream is damaged ({exception.Message}) Fetch the file again.", exception);
        }
        catch (Exception exception) when (exception is UnauthorizedAccessException or (IOException and not DataFileException))
        {
            throw new DataFileException(path, $"the file cannot be read ({exception.Message}) Check the path and its permissions.", exception);
        }
        int bad = IndexOfNonFinite(values);
        if (bad >= 0)
        {
            throw new DataFileException(path, $"voxel {bad} is {values[bad]}; every value must be finite, so replace it or leave the file out.");
        }
    }

    /// <summary>"D × H × W × C" by the header of a NIfTI file; other files do not say.</summary>
    public static string DescribeSize(string path)
    {
        if (!IsNifti(path))
        {
            return "raw";
        }
        try
        {
            using Stream content = Open(path);
            NiftiHeader header = ReadHeader(path, content);
            return FormattableString.Invariant($"{header.Depth} × {header.Height} × {header.Width} × {header.Channels}");
        }
        catch (Exception exception) when (exception is IOException or InvalidDataException or UnauthorizedAccessException)
        {
            return Images.ImageSets.NoHeader;
        }
    }

    private static bool IsCompressed(string path) => path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase);

    private static bool IsNifti(string path) => (IsCompressed(path) ? path[..^3] : path).EndsWith(".nii", StringComparison.OrdinalIgnoreCase);

    private static Stream Open(string path)
    {
        FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
        return IsCompressed(path) ? new GZipStream(file, CompressionMode.Decompress) : file;
    }

    private static NiftiHeader ReadHeader(string path, Stream content)
    {
        Span<byte> bytes = stackalloc byte[NiftiHeader.Length];
        int read = content.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        return read == bytes.Length
            ? NiftiHeader.Parse(path, bytes)
            : throw new DataFileException(path, read, $"the file ends inside its header of {bytes.Length} bytes; fetch it again.");
    }

    private void ReadNifti(string path, Stream content, Span<float> values)
    {
        NiftiHeader header = ReadHeader(path, content);
        int depth = sample.SpatialRank == 3 ? sample.Extent(0) : 1, height = sample[sample.Rank - 3], width = sample[sample.Rank - 2];
        if ((header.Depth, header.Height, header.Width, header.Channels) != (depth, height, width, sample.Channels))
        {
            throw new DataFileException(
                path,
                40,
                $"the volume is {header.Depth} × {header.Height} × {header.Width} voxels of {header.Channels} channels, expected {depth} × {height} × {width} "
                + $"of {sample.Channels} (data.extents, data.channels); resample it.");
        }
        Skip(path, content, header.Offset - NiftiHeader.Length);
        Span<byte> stored = ReadStored(path, content, header.Type, header.Offset);
        bool swap = header.IsBigEndian == BitConverter.IsLittleEndian;
        Voxels.Convert(stored, header.Type, swap, header.Slope, header.Intercept, header.Channels, values);
    }

    private static void Skip(string path, Stream content, int bytes)
    {
        Span<byte> skipped = stackalloc byte[256];
        while (bytes > 0)
        {
            int read = content.Read(skipped[..Math.Min(bytes, skipped.Length)]);
            if (read == 0)
            {
                throw new DataFileException(path, "the file ends before its first voxel; fetch it again.");
            }
            bytes -= read;
        }
    }

    private Span<byte> ReadStored(string path, Stream content, VoxelType type, int start)
    {
        long length = sample.Count * type.Size();
        if (length > Array.MaxLength)
        {
            throw new DataFileException(path, $"a volume {sample} of {type} takes {length} bytes, over the {Array.MaxLength} of one array; use smaller ones.");
        }
        if (_stored.Length < length)
        {
            _stored = new byte[length];
        }
        Span<byte> stored = _stored.AsSpan(0, (int)length);
        int read = content.ReadAtLeast(stored, stored.Length, throwOnEndOfStream: false);
        if (read < stored.Length)
        {
            string missing = $"expected {stored.Length - read} more bytes for {sample} of {type}";
            throw new DataFileException(path, start + read, $"the file ends here, {missing}; fetch it again, or correct data.extents.");
        }
        // Reading past the end also makes the decompressor check its checksum.
        return content.ReadByte() < 0
            ? stored
            : throw new DataFileException(path, start + read, $"the file goes on after {sample} of {type}; correct data.extents or data.rawType.");
    }

    private static int IndexOfNonFinite(ReadOnlySpan<float> values)
    {
        for (int i = 0; i < values.Length; i++)
        {
            if (!float.IsFinite(values[i]))
            {
                return i;
            }
        }
        return -1;
    }
}
