using Microsoft.Win32.SafeHandles;

namespace RevUp.Formats;

/// <summary>
/// Reads a safetensors file: the header is validated in full when it is opened, then any tensor is
/// read straight into memory of the caller.
/// </summary>
/// <remarks>
/// Thread-safe. The format has no checksum: <see cref="Runs.CheckpointFolder"/> finds changed data,
/// not this. For little-endian machines.
/// </remarks>
internal sealed class SafetensorsReader : IDisposable
{
    private const int LengthBytes = sizeof(ulong);

    private readonly string _path;
    private readonly SafeFileHandle? _file;
    private readonly byte[]? _content;
    private readonly Dictionary<string, (SafetensorsTensor Tensor, long Offset)> _entries;

    /// <summary>
    /// Opens the file and validates its header: types, shapes, names, and offsets that cover the
    /// data without a gap.
    /// </summary>
    /// <exception cref="CheckpointException">
    /// The file cannot be read, or breaks a rule of the format.
    /// </exception>
    public SafetensorsReader(WeightSource source)
    {
        (_path, _content) = (source.Name, source.Content);
        string path = _path;
        try
        {
            _file = _content is null ? File.OpenHandle(path) : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException(
                path,
                $"the file cannot be opened ({exception.Message}) Check the path and its permissions.",
                exception);
        }
        try
        {
            byte[] header = ReadHeader(out long dataStart);
            (List<(SafetensorsTensor Tensor, long Offset)> tensors, Dictionary<string, string> metadata) =
                SafetensorsHeader.Parse(header, Length - dataStart);
            _entries = tensors.ToDictionary(
                entry => entry.Tensor.Name, entry => (entry.Tensor, entry.Offset + dataStart));
            Tensors = tensors.ConvertAll(entry => entry.Tensor);
            Metadata = metadata;
        }
        catch (FormatException exception)
        {
            Dispose();
            throw Damaged(exception.Message, exception);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>All tensors, in the order of their data.</summary>
    public IReadOnlyList<SafetensorsTensor> Tensors { get; }

    /// <summary>The texts of the header's __metadata__.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>
    /// The declaration of tensor <paramref name="name"/>, or null when the file has none.
    /// </summary>
    public SafetensorsTensor? Find(string name) =>
        _entries.TryGetValue(name, out (SafetensorsTensor Tensor, long Offset) entry) ? entry.Tensor : null;

    /// <summary>
    /// Reads all elements of tensor <paramref name="name"/>, row-major, into
    /// <paramref name="destination"/>, which has exactly its length.
    /// </summary>
    /// <exception cref="CheckpointException">
    /// The file has no such tensor, the tensor has another length, or reading fails.
    /// </exception>
    /// <exception cref="ArgumentException">
    /// T is not the tensor's element type (ushort for BF16).
    /// </exception>
    public void Read<T>(string name, Span<T> destination)
        where T : unmanaged
    {
        if (!_entries.TryGetValue(name, out (SafetensorsTensor Tensor, long Offset) entry))
        {
            throw new CheckpointException(
                _path, $"there is no tensor '{name}' among its {Tensors.Count}; the file belongs to another model.");
        }
        entry.Tensor.RequireElement<T>();
        Span<byte> bytes = MemoryMarshal.AsBytes(destination);
        if (bytes.Length != entry.Tensor.ByteCount)
        {
            string shape = string.Join(", ", entry.Tensor.Shape.ToArray());
            throw new CheckpointException(
                _path,
                $"tensor '{name}' [{shape}] has {entry.Tensor.ByteCount} bytes, and room for {bytes.Length} was given; "
                + "the file is another model's.");
        }
        ReadAt(entry.Offset, bytes, $"tensor '{name}'");
    }

    /// <summary>Closes the file.</summary>
    public void Dispose() => _file?.Dispose();

    private long Length => _content?.LongLength ?? RandomAccess.GetLength(_file!);

    private byte[] ReadHeader(out long dataStart)
    {
        Span<byte> prefix = stackalloc byte[LengthBytes];
        ReadAt(0, prefix, "the header's length");
        ulong length = BinaryPrimitives.ReadUInt64LittleEndian(prefix);
        long available = Length - LengthBytes;
        if (length > (ulong)available || length > SafetensorsHeader.MaximumLength)
        {
            throw new FormatException(
                $"the header claims {length} bytes, and the file has {available} (the format allows "
                + $"{SafetensorsHeader.MaximumLength})");
        }
        byte[] header = new byte[length];
        ReadAt(LengthBytes, header, "the header");
        dataStart = LengthBytes + header.Length;
        return header;
    }

    private void ReadAt(long offset, Span<byte> destination, string what)
    {
        while (destination.Length > 0)
        {
            int read;
            try
            {
                read = _content is null ? RandomAccess.Read(_file!, destination, offset) : Copy(offset, destination);
            }
            catch (IOException exception)
            {
                throw new CheckpointException(
                    _path,
                    $"{what} cannot be read at byte {offset} ({exception.Message}) Check the disk, or use an earlier "
                    + "checkpoint.", exception);
            }
            if (read == 0)
            {
                throw Damaged($"the file ends at byte {offset}, inside {what}");
            }
            destination = destination[read..];
            offset += read;
        }
    }

    private int Copy(long offset, Span<byte> destination)
    {
        int count = (int)Math.Min(destination.Length, _content!.Length - offset);
        _content.AsSpan((int)offset, count).CopyTo(destination);
        return count;
    }

    private CheckpointException Damaged(string problem, Exception? innerException = null) =>
        new(
            _path,
            $"{problem}; this is not a safetensors file, or a damaged one: name a model file, or use an earlier "
            + "checkpoint.",
            innerException);
}
