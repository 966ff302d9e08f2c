namespace RevUp.Data;

/// <summary>
/// An array of unsigned bytes in the IDX format of MNIST: two zero bytes, a type code, the rank,
/// the extents as big-endian 32-bit integers, then the elements in row-major order.
/// </summary>
/// <remarks>
/// The file may be compressed with gzip; its content decides, not its name. Immutable after
/// reading.
/// </remarks>
internal sealed class IdxFile
{
    private const byte UnsignedByte = 0x08;

    // Memory is taken as data arrives, starting from this: a damaged header, or a small compressed
    // file that claims gigabytes, allocates no more than twice what is really there.
    private const int FirstAllocation = 1 << 20;

    // A compressed file is asked only above this whether its header may be right.
    private const int LargestUnquestioned = 1 << 26;

    private IdxFile(string path, int[] shape, byte[] elements)
    {
        Path = path;
        Shape = shape;
        Elements = elements;
    }

    /// <summary>Where the array was read from.</summary>
    public string Path { get; }

    /// <summary>The extents, outermost first; as many as the rank that was asked for.</summary>
    public IReadOnlyList<int> Shape { get; }

    /// <summary>All elements in row-major order.</summary>
    public ReadOnlyMemory<byte> Elements { get; }

    /// <summary>Offset of the first element in the decompressed content, in bytes.</summary>
    public int HeaderLength => HeaderLengthOf(Shape.Count);

    /// <summary>
    /// Reads a whole file of unsigned bytes and the given rank: 3 for images (N, H, W), 1 for
    /// labels (N).
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">
    /// <paramref name="rank"/> is not in 1 .. 255.
    /// </exception>
    /// <exception cref="DataFileException">
    /// The file is missing, damaged, truncated, longer than its header says, or of another type or
    /// rank.
    /// </exception>
    public static IdxFile Read(string path, int rank)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(rank);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(rank, byte.MaxValue);
        long position = 0;
        try
        {
            using Stream content = DataContent.Open(path);
            Span<byte> header = stackalloc byte[HeaderLengthOf(rank)];
            position = content.ReadAtLeast(header, header.Length, throwOnEndOfStream: false);
            int[] shape = ParseHeader(path, header[..(int)position], rank, out int length);
            if (content is GzipContent { CompressedLength: long stored } && length > LargestUnquestioned
                && length / GzipContent.MaximumExpansion > stored)
            {
                throw new DataFileException(
                    path,
                    $"its {stored} bytes would unfold to {length}, over {GzipContent.MaximumExpansion} times as many; "
                    + "unfold it yourself if that is meant.");
            }
            byte[] elements = ReadElements(path, content, header.Length, length, ref position);
            return new IdxFile(path, shape, elements);
        }
        catch (Exception exception) when (exception is UnauthorizedAccessException or IOException)
        {
            throw new DataFileException(
                path, $"the file cannot be read ({exception.Message}) Check the path and its permissions.", exception);
        }
    }

    private static int HeaderLengthOf(int rank) => 4 + 4 * rank;

    private static int[] ParseHeader(string path, ReadOnlySpan<byte> header, int rank, out int length)
    {
        ReadOnlySpan<byte> expected = [0, 0, UnsignedByte, (byte)rank];
        for (int i = 0; i < Math.Min(header.Length, expected.Length); i++)
        {
            if (header[i] != expected[i])
            {
                string meaning =
                    i switch { 2 => "type code (8 = unsigned byte)", 3 => "number of dimensions", _ => "magic number" };
                throw new DataFileException(
                    path,
                    i,
                    $"the {meaning} is {header[i]}, expected {expected[i]}; give an IDX file of {rank}-dimensional "
                    + "bytes.");
            }
        }
        DataFileException.Require(
            header.Length >= HeaderLengthOf(rank), path, header.Length,
            $"the file ends inside its header of {HeaderLengthOf(rank)} bytes; fetch it again.");
        int[] shape = new int[rank];
        long total = 1;
        for (int axis = 0; axis < rank; axis++)
        {
            int offset = HeaderLengthOf(axis);
            shape[axis] = BinaryPrimitives.ReadInt32BigEndian(header[offset..]);
            // at most 2^31 · 2^31: the next line stops before an overflow
            total = shape[axis] < 0 ? long.MaxValue : total * shape[axis];
            if (total > Array.MaxLength)
            {
                uint extent = (uint)shape[axis];
                throw new DataFileException(
                    path, offset,
                    $"extent {axis} is {extent}, which makes over {Array.MaxLength} elements; the file is damaged, "
                    + "fetch it again.");
            }
        }
        length = (int)total;
        return shape;
    }

    private static byte[] ReadElements(string path, Stream content, int headerLength, int length, ref long position)
    {
        byte[] elements = new byte[Math.Min(length, FirstAllocation)];
        int filled = 0;
        while (filled < length)
        {
            if (filled == elements.Length)
            {
                Array.Resize(ref elements, (int)Math.Min(length, 2L * elements.Length));
            }
            int read = content.Read(elements, filled, elements.Length - filled);
            DataFileException.Require(
                read > 0, path, position,
                $"the file ends here, expected {length - filled} more of {length} elements; fetch it again.");
            filled += read;
            position = headerLength + filled;
        }
        // Reading past the end also makes the decompressor check what follows the data.
        DataFileException.Require(
            content.ReadByte() < 0, path, position,
            $"the file goes on after its {length} elements; it is damaged or its header is wrong.");
        return elements;
    }
}
