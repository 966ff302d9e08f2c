namespace RevUp.Data.Volumes;

/// <summary>Description of the voxels in the header of a NIfTI-1 or NIfTI-2 file.</summary>
/// <param name="Extents">Of the stored axes: W is the fastest.</param>
/// <param name="Type">Of the stored numbers.</param>
/// <param name="IsBigEndian">Their byte order.</param>
/// <param name="IsPair">Whether the voxels are in a file of their own, .img beside .hdr.</param>
/// <param name="Offset">Of the first voxel in its file, in bytes.</param>
/// <param name="Slope">value = Slope · stored + Intercept.</param>
/// <param name="Intercept">See <paramref name="Slope"/>.</param>
/// <param name="Spacing">Millimetres from voxel to voxel along the stored axes D, H, W; NaN where
/// the file does not say.</param>
/// <param name="Affine">Voxel to millimetres, [3, 3] by rows and without the translation; null
/// where the file does not say.</param>
/// <param name="Translation">Millimetres (right, front, up) of voxel 0; with <paramref
/// name="Affine"/>.</param>
/// <remarks>
/// Source: nifti1.h and nifti2.h of the NIfTI Data Format Working Group. ANALYZE 7.5 is not read.
/// </remarks>
internal sealed record NiftiHeader(
    VolumeExtents Extents,
    VoxelType Type,
    bool IsBigEndian,
    bool IsPair,
    long Offset,
    double Slope,
    double Intercept,
    VolumeSpacing Spacing,
    double[]? Affine,
    double[]? Translation)
{
    public const int Length1 = 348;
    public const int Length2 = 540;

    // Extensions come before the voxels; nobody has this much of them.
    private const int MaximumOffset = 1 << 24;

    private static ReadOnlySpan<byte> MagicTail => "\0\r\n\u001A\n"u8;

    /// <summary>Whether bytes are the beginning of a header, whatever the file is called.</summary>
    public static bool IsHeader(ReadOnlySpan<byte> bytes) =>
        (
            bytes.Length >= Length1 && SizeIs(bytes, Length1)
                && bytes[344..347] is [(byte)'n', (byte)'+' or (byte)'i', (byte)'1'])
        || (
            bytes.Length >= Length2 && SizeIs(bytes, Length2)
                && bytes[4..7] is [(byte)'n', (byte)'+' or (byte)'i', (byte)'2']);

    /// <summary>Whether a header has the fields of NIfTI-2.</summary>
    public static bool IsVersion2(ReadOnlySpan<byte> bytes) => SizeIs(bytes, Length2);

    /// <summary>Reads the first 348 or 540 bytes of a file.</summary>
    /// <exception cref="DataFileException">
    /// They are no such header, or one of a file that cannot be used.
    /// </exception>
    public static NiftiHeader Parse(string path, ReadOnlySpan<byte> bytes)
    {
        NiftiFields fields = Open(path, bytes);
        bool pair = fields.IsPair;
        int least = pair ? 0 : fields.IsVersion2 ? Length2 : Length1;
        double offset = fields.Offset;
        DataFileException.Require(
            offset >= least && offset <= MaximumOffset, path, fields.OffsetAt,
            $"the voxels start at {offset}, expected {least} to {MaximumOffset}; the file is damaged.");
        (double slope, double intercept) = (fields.Slope, fields.Intercept);
        // A slope of 0 means no scaling.
        bool scaled = slope != 0 && double.IsFinite(slope) && double.IsFinite(intercept);
        VolumeExtents extents = ReadExtents(path, fields);
        VoxelType type = TypeOf(path, fields);
        return new NiftiHeader(
            extents,
            type,
            fields.IsBigEndian,
            pair,
            (long)offset,
            scaled ? slope : 1,
            scaled ? intercept : 0,
            SpacingOf(fields),
            NiftiAffine.Of(fields),
            NiftiAffine.Translation(fields));
    }

    private static NiftiFields Open(string path, ReadOnlySpan<byte> bytes)
    {
        DataFileException.Require(
            bytes.Length >= Length1, path, bytes.Length,
            $"the file ends inside its header of {Length1} bytes; fetch it again.");
        if (SizeIs(bytes, Length2))
        {
            DataFileException.Require(
                bytes.Length >= Length2, path, bytes.Length,
                $"the file ends inside its header of {Length2} bytes; fetch it again.");
            return bytes[4..7].SequenceEqual("n+2"u8) || bytes[4..7].SequenceEqual("ni2"u8)
                ? bytes[7..12].SequenceEqual(MagicTail)
                    ? new NiftiFields(bytes, isVersion2: true)
                    : throw new DataFileException(
                        path, 7, "the magic's line ends were changed, as by a transfer as text; fetch the file again.")
                : throw new DataFileException(path, 4, "the magic is not 'n+2' or 'ni2'; the file is damaged.");
        }
        if (!SizeIs(bytes, Length1))
        {
            int size = System.Buffers.Binary.BinaryPrimitives.ReadInt32LittleEndian(bytes);
            throw new DataFileException(
                path, 0, $"the header's size is {size}, expected {Length1}; the file is not NIfTI, so convert it.");
        }
        return bytes[344..348].SequenceEqual("n+1\0"u8) || bytes[344..348].SequenceEqual("ni1\0"u8)
            ? new NiftiFields(bytes, isVersion2: false)
            : throw new DataFileException(
                path,
                344,
                "the magic is not 'n+1' or 'ni1', so the file is not NIfTI (it may be ANALYZE 7.5); convert it.");
    }

    private static VolumeExtents ReadExtents(string path, NiftiFields fields)
    {
        Span<long> dimensions = stackalloc long[8];
        for (int i = 0; i < dimensions.Length; i++)
        {
            dimensions[i] = fields.Dimension(i);
        }
        long rank = dimensions[0], channels = 1;
        for (int i = 1; i < dimensions.Length; i++)
        {
            dimensions[i] = i <= rank ? dimensions[i] : 1;
            channels = i > 3 && dimensions[i] is > 0 and <= short.MaxValue ? channels * dimensions[i] : channels;
            DataFileException.Require(
                rank is >= 1 and <= 7 && dimensions[i] is >= 1 and <= int.MaxValue && channels <= short.MaxValue,
                path, fields.DimensionsAt,
                $"the dimensions cannot be: rank {rank}, dimension {i} is {dimensions[i]}; the file is damaged.");
        }
        return new VolumeExtents((int)dimensions[3], (int)dimensions[2], (int)dimensions[1], (int)channels);
    }

    private static VolumeSpacing SpacingOf(NiftiFields fields)
    {
        double millimetres = fields.SpatialUnit switch { 1 => 1000, 3 => 0.001, _ => 1 };
        return new VolumeSpacing(Step(fields, 3), Step(fields, 2), Step(fields, 1));

        double Step(NiftiFields from, int axis)
        {
            double step = Math.Abs(from.Step(axis)) * millimetres;
            return step > 0 && double.IsFinite(step) ? step : double.NaN;
        }
    }

    private static bool SizeIs(ReadOnlySpan<byte> bytes, int size) =>
        System.Buffers.Binary.BinaryPrimitives.ReadInt32LittleEndian(bytes) == size
        || System.Buffers.Binary.BinaryPrimitives.ReadInt32BigEndian(bytes) == size;

    private static VoxelType TypeOf(string path, NiftiFields fields) => fields.TypeCode switch
    {
        2 => VoxelType.UInt8,
        4 => VoxelType.Int16,
        8 => VoxelType.Int32,
        16 => VoxelType.Float32,
        64 => VoxelType.Float64,
        256 => VoxelType.Int8,
        512 => VoxelType.UInt16,
        768 => VoxelType.UInt32,
        1024 => VoxelType.Int64,
        1280 => VoxelType.UInt64,
        int code => throw new DataFileException(
            path,
            fields.TypeAt,
            $"the data type is {code}; integers up to 64 bits and floating point up to 64 are read, so convert it."),
    };
}
