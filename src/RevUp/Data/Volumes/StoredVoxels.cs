namespace RevUp.Data.Volumes;

/// <summary>
/// The numbers of one volume as they are stored; its array is used again for the next.
/// </summary>
internal sealed class StoredVoxels
{
    // Of compressed files memory is taken as data arrives, starting from this.
    private const int FirstAllocation = 1 << 20;

    private byte[] _bytes = [];
    private int _length;

    /// <summary>The bytes that were read last.</summary>
    public Span<byte> Bytes => _bytes.AsSpan(0, _length);

    /// <summary>Reads a volume to the end of its file.</summary>
    /// <param name="path">Of the file, for messages.</param>
    /// <param name="content">From its start.</param>
    /// <param name="offset">Bytes before the first voxel.</param>
    /// <param name="extents">How many numbers there are.</param>
    /// <param name="type">Of the numbers.</param>
    /// <param name="origin">Source of that, for messages.</param>
    /// <exception cref="DataFileException">The file is shorter or longer, or takes more than an
    /// array.</exception>
    public void Read(string path, Stream content, long offset, VolumeExtents extents, VoxelType type, string origin)
    {
        double wanted = extents.Count * type.Size();
        DataFileException.Require(
            wanted <= Array.MaxLength, path,
            $"a volume {extents} of {type} takes {wanted} bytes, over the {Array.MaxLength} of one array; use "
            + $"smaller ones.");
        int length = (int)wanted;
        Skip(path, content, offset);
        long there = content is FileStream file ? Math.Max(0, file.Length - offset) : Math.Max(
            FirstAllocation, _bytes.Length);
        int read = 0;
        while (read < length)
        {
            int room = (int)Math.Min(length, Math.Max(there, 2L * read));
            if (_bytes.Length < room)
            {
                Array.Resize(ref _bytes, room);
            }
            int got = content.ReadAtLeast(_bytes.AsSpan(read, room - read), room - read, throwOnEndOfStream: false);
            read += got;
            DataFileException.Require(
                got > 0 && (read >= room || read >= length), path, offset + read,
                $"the file ends here, expected {length - read} more bytes for {extents} of {type}; fetch it again, "
                + $"or correct {origin}.");
        }
        _length = length;
        // Reading past the end also checks what follows the data of a compressed file.
        Span<byte> next = stackalloc byte[1];
        DataFileException.Require(
            content.Read(next) == 0, path, offset + read,
            $"the file goes on after {extents} of {type}; cut what follows, or correct {origin}.");
    }

    private static void Skip(string path, Stream content, long bytes)
    {
        Span<byte> skipped = stackalloc byte[512];
        while (bytes > 0)
        {
            int read = content.Read(skipped[..(int)Math.Min(bytes, skipped.Length)]);
            DataFileException.Require(read > 0, path, $"the file ends before its first voxel; fetch it again.");
            bytes -= read;
        }
    }
}
