using System.Buffers.Binary;

namespace RevUp.Data.Volumes;

/// <summary>What the header of a NIfTI-1 file (.nii) says about its voxels.</summary>
/// <param name="Width">X, the fastest.</param>
/// <param name="Height">Y.</param>
/// <param name="Depth">Z.</param>
/// <param name="Channels">Time points times components, the slowest: the file is planar.</param>
/// <param name="Type">Of the stored numbers.</param>
/// <param name="IsBigEndian">Their byte order.</param>
/// <param name="Offset">Of the first voxel in the file, in bytes.</param>
/// <param name="Slope">value = Slope · stored + Intercept.</param>
/// <param name="Intercept">See <paramref name="Slope"/>.</param>
/// <remarks>Source: nifti1.h of the NIfTI Data Format Working Group. NIfTI-2, ANALYZE and header/image pairs (.hdr, .img) are not read.</remarks>
internal readonly record struct NiftiHeader(
    int Width, int Height, int Depth, int Channels, VoxelType Type, bool IsBigEndian, int Offset, double Slope, double Intercept)
{
    public const int Length = 348;

    // Extensions come before the voxels; nobody has this much of them.
    private const float MaximumOffset = 1 << 24;

    /// <summary>Reads the first 348 bytes of a file.</summary>
    /// <exception cref="DataFileException">They are no such header, or one of a file that cannot be used.</exception>
    public static NiftiHeader Parse(string path, ReadOnlySpan<byte> bytes)
    {
        int size = BinaryPrimitives.ReadInt32LittleEndian(bytes);
        bool bigEndian = size != Length;
        if (bigEndian && BinaryPrimitives.ReadInt32BigEndian(bytes) != Length)
        {
            throw new DataFileException(path, 0, $"the header's size is {size}, expected {Length}; the file is not NIfTI-1, so convert it.");
        }
        if (!bytes[344..348].SequenceEqual("n+1\0"u8))
        {
            throw new DataFileException(path, 344, "the magic is not 'n+1': only single files (.nii) of NIfTI-1 are read, so convert it.");
        }
        Span<int> dimensions = stackalloc int[8];
        for (int i = 0; i < dimensions.Length; i++)
        {
            dimensions[i] = Int16(bytes, 40 + 2 * i, bigEndian);
        }
        int rank = dimensions[0];
        long channels = 1;
        for (int i = 1; i < dimensions.Length; i++)
        {
            dimensions[i] = i <= rank ? dimensions[i] : 1;
            channels *= i > 3 ? dimensions[i] : 1;
            if (rank is < 1 or > 7 || dimensions[i] < 1 || channels > short.MaxValue)
            {
                throw new DataFileException(path, 40, $"the dimensions cannot be: rank {rank}, dimension {i} is {dimensions[i]}; the file is damaged.");
            }
        }
        float offset = Single(bytes, 108, bigEndian), slope = Single(bytes, 112, bigEndian), intercept = Single(bytes, 116, bigEndian);
        if (!(offset is >= Length and <= MaximumOffset))
        {
            throw new DataFileException(path, 108, $"the voxels start at {offset}, expected {Length} to {MaximumOffset}; the file is damaged.");
        }
        bool scaled = slope != 0 && float.IsFinite(slope) && float.IsFinite(intercept); // a slope of 0 means no scaling
        VoxelType type = TypeOf(path, Int16(bytes, 70, bigEndian));
        return new NiftiHeader(
            dimensions[1], dimensions[2], dimensions[3], (int)channels, type, bigEndian, (int)offset, scaled ? slope : 1, scaled ? intercept : 0);
    }

    private static VoxelType TypeOf(string path, short code) => code switch
    {
        2 => VoxelType.UInt8,
        4 => VoxelType.Int16,
        8 => VoxelType.Int32,
        16 => VoxelType.Float32,
        64 => VoxelType.Float64,
        256 => VoxelType.Int8,
        512 => VoxelType.UInt16,
        768 => VoxelType.UInt32,
        _ => throw new DataFileException(path, 70, $"the data type is {code}; integers up to 32 bits and floating point are read, so convert it."),
    };

    private static short Int16(ReadOnlySpan<byte> bytes, int at, bool bigEndian) =>
        bigEndian ? BinaryPrimitives.ReadInt16BigEndian(bytes[at..]) : BinaryPrimitives.ReadInt16LittleEndian(bytes[at..]);

    private static float Single(ReadOnlySpan<byte> bytes, int at, bool bigEndian) =>
        bigEndian ? BinaryPrimitives.ReadSingleBigEndian(bytes[at..]) : BinaryPrimitives.ReadSingleLittleEndian(bytes[at..]);
}
