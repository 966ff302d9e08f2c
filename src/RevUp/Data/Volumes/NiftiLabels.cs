using System.Buffers;
using System.IO.Compression;
using RevUp.Formats;

namespace RevUp.Data.Volumes;

/// <summary>
/// Writes label maps as NIfTI files that lie on the voxels of an image: shape, affine, codes,
/// steps, units, version and byte order are the image's.
/// </summary>
internal static class NiftiLabels
{
    // The four bytes after the header, 0 for no extension.
    private const int ExtensionBytes = 4;
    private const int BufferBytes = 1 << 16;
    private const short UInt8Code = 2;
    private const short UInt16Code = 512;

    /// <summary>
    /// Writes a single file, whole or not at all: .nii, or compressed as .nii.gz; 8 bits a label
    /// where every class fits, or else 16.
    /// </summary>
    /// <param name="path">The file; one that is there is replaced.</param>
    /// <param name="header">
    /// The first 348 or 540 bytes of the image, as <see cref="VolumeFile.HeaderBytes"/> reads them.
    /// </param>
    /// <param name="labels">[D, H, W] in the order in which the image is stored.</param>
    /// <param name="classes">K; labels are below it.</param>
    /// <exception cref="ArgumentException">
    /// The labels are not as many as the image's voxels, or the name is of another format.
    /// </exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static void Write(string path, ReadOnlySpan<byte> header, ReadOnlySpan<ushort> labels, int classes)
    {
        VolumeExtents extents = NiftiHeader.Parse(path, header).Extents with { Channels = 1 };
        if (extents.Count != labels.Length)
        {
            throw new ArgumentException(
                $"'{path}': {labels.Length} labels are not the {extents.Depth} × {extents.Height} × {extents.Width} "
                + "voxels of the image.");
        }
        bool isCompressed = path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase);
        if (!VolumePaths.IsSingleNifti(path))
        {
            throw new ArgumentException($"'{path}' is no name of a NIfTI file; end it with .nii or .nii.gz.");
        }
        bool isWide = classes > byte.MaxValue + 1;
        byte[] own = Header(header, isWide, out bool isBigEndian);
        using WholeFile file = new(path);
        using (Stream? gzip = isCompressed ? new GZipStream(file.Content, CompressionLevel.Optimal, true) : null)
        {
            Stream content = gzip ?? file.Content;
            content.Write(own);
            WriteVoxels(content, labels, isWide, isBigEndian);
        }
        file.Complete();
    }

    // The image's header with the numbers' type and what follows from it; its meaning and its range
    // of display are the image's and go.
    private static byte[] Header(ReadOnlySpan<byte> image, bool isWide, out bool isBigEndian)
    {
        bool isVersion2 = NiftiHeader.IsVersion2(image);
        NiftiFields fields = new(image, isVersion2);
        int length = isVersion2 ? NiftiHeader.Length2 : NiftiHeader.Length1;
        byte[] bytes = new byte[length + ExtensionBytes];
        image[..length].CopyTo(bytes);
        NiftiPatch patch = new(bytes, fields.IsBigEndian);
        patch.Int16(fields.TypeAt, isWide ? UInt16Code : UInt8Code);
        patch.Int16(fields.TypeAt + 2, (short)(isWide ? 16 : 8));
        if (isVersion2)
        {
            "n+2"u8.CopyTo(bytes.AsSpan(4));
            patch.Int64(fields.OffsetAt, bytes.Length);
            patch.Double(176, 1); // scl_slope
            patch.Clear(184, 24); // scl_inter, cal_max, cal_min
            patch.Clear(80, 24); // intent_p1 to intent_p3
            patch.Clear(504, 20); // intent_code, intent_name
        }
        else
        {
            "n+1"u8.CopyTo(bytes.AsSpan(344));
            patch.Single(fields.OffsetAt, bytes.Length);
            patch.Single(112, 1); // scl_slope
            patch.Clear(116, 4); // scl_inter
            patch.Clear(124, 8); // cal_max, cal_min
            patch.Clear(56, 14); // intent_p1 to intent_p3, intent_code
            patch.Clear(328, 16); // intent_name
        }
        KeepOneChannel(patch, fields);
        isBigEndian = fields.IsBigEndian;
        return bytes;
    }

    // The dimensions behind the third go, except for an image of one channel.
    private static void KeepOneChannel(NiftiPatch patch, NiftiFields fields)
    {
        long channels = 1;
        for (int i = 4; i <= fields.Dimension(0); i++)
        {
            channels *= fields.Dimension(i);
        }
        for (int i = 0; channels > 1 && i < 8; i = i == 0 ? 4 : i + 1)
        {
            long value = i == 0 ? 3 : 1;
            if (fields.IsVersion2)
            {
                patch.Int64(fields.DimensionsAt + 8 * i, value);
            }
            else
            {
                patch.Int16(fields.DimensionsAt + 2 * i, (short)value);
            }
        }
    }

    private static void WriteVoxels(Stream content, ReadOnlySpan<ushort> labels, bool isWide, bool isBigEndian)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            int size = isWide ? sizeof(ushort) : 1, room = BufferBytes / size;
            while (labels.Length > 0)
            {
                int count = Math.Min(room, labels.Length);
                for (int i = 0; i < count; i++)
                {
                    if (!isWide)
                    {
                        buffer[i] = checked((byte)labels[i]);
                    }
                    else if (isBigEndian)
                    {
                        BinaryPrimitives.WriteUInt16BigEndian(buffer.AsSpan(size * i), labels[i]);
                    }
                    else
                    {
                        BinaryPrimitives.WriteUInt16LittleEndian(buffer.AsSpan(size * i), labels[i]);
                    }
                }
                content.Write(buffer, 0, count * size);
                labels = labels[count..];
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
