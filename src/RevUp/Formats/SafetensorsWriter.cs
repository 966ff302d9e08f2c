namespace RevUp.Formats;

/// <summary>
/// Writes a safetensors file: all tensors are declared first, then their elements stream in the
/// declared order, without a copy in memory.
/// </summary>
/// <remarks>
/// The file is whole only after <see cref="Complete"/>; disposing earlier leaves a file that no
/// reader accepts. Not thread-safe. For little-endian machines.
/// </remarks>
/// <example><code>
/// using var writer = new SafetensorsWriter(path, [new("weight", SafetensorsType.F32, 10, 64)]);
/// writer.Write("weight", weights);
/// writer.Complete();
/// </code></example>
internal sealed class SafetensorsWriter : IDisposable
{
    private readonly string _path;
    private readonly IReadOnlyList<SafetensorsTensor> _tensors;
    private readonly FileStream _file;
    private int _current; // the tensor being written
    private long _written; // bytes of it that are in the file

    /// <summary>Creates or overwrites the file and writes its header.</summary>
    /// <param name="path">The file.</param>
    /// <param name="tensors">All tensors, in the order in which they will be written.</param>
    /// <param name="metadata">Texts for the header's __metadata__.</param>
    /// <exception cref="ArgumentException">
    /// Two tensors have the same name, or the header exceeds the format's 100 MB.
    /// </exception>
    /// <exception cref="IOException">The file cannot be created or written.</exception>
    public SafetensorsWriter(
        string path, IReadOnlyList<SafetensorsTensor> tensors, IReadOnlyDictionary<string, string>? metadata = null)
    {
        string? twice = tensors.CountBy(tensor => tensor.Name).FirstOrDefault(name => name.Value > 1).Key;
        if (twice is not null)
        {
            throw new ArgumentException(
                $"{path}: tensor '{twice}' is declared twice; every tensor needs a name of its own.");
        }
        byte[] header = SafetensorsHeader.Serialize(tensors, metadata ?? new Dictionary<string, string>());
        if (header.Length > SafetensorsHeader.MaximumLength)
        {
            throw new ArgumentException(
                $"{path}: the header takes {header.Length} bytes, over the format's {SafetensorsHeader.MaximumLength}; "
                + "shorten its texts.");
        }
        (_path, _tensors) = (path, tensors);
        _file = File.Create(path);
        Span<byte> length = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(length, (ulong)header.Length);
        _file.Write(length);
        _file.Write(header);
    }

    /// <summary>
    /// Appends elements to tensor <paramref name="name"/>: all of them, or in several calls its
    /// consecutive parts.
    /// </summary>
    /// <exception cref="InvalidOperationException">
    /// Another tensor is due, or these are more elements than were declared.
    /// </exception>
    /// <exception cref="ArgumentException">
    /// T is not the tensor's element type (ushort for BF16).
    /// </exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public void Write<T>(string name, ReadOnlySpan<T> values)
        where T : unmanaged
    {
        SkipComplete(name);
        if (_current == _tensors.Count || _tensors[_current].Name != name)
        {
            string due = _current == _tensors.Count ? "no other tensor" : $"tensor '{_tensors[_current].Name}'";
            throw new InvalidOperationException(
                $"{_path}: tensor '{name}' was given, and {due} is due; write every tensor completely, in the declared "
                + "order.");
        }
        SafetensorsTensor tensor = _tensors[_current];
        tensor.RequireElement<T>();
        ReadOnlySpan<byte> bytes = MemoryMarshal.AsBytes(values);
        if (bytes.Length > tensor.ByteCount - _written)
        {
            throw new InvalidOperationException(
                $"{_path}: tensor '{name}' was declared with {tensor.ByteCount} bytes, has {_written} and was given "
                + $"{bytes.Length} more; declare all.");
        }
        _file.Write(bytes);
        _written += bytes.Length;
    }

    /// <summary>
    /// Checks that everything declared was written, and puts the file on the disk itself (fsync).
    /// </summary>
    /// <exception cref="InvalidOperationException">A tensor is missing or incomplete.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public void Complete()
    {
        SkipComplete(name: null);
        if (_current < _tensors.Count)
        {
            SafetensorsTensor tensor = _tensors[_current];
            throw new InvalidOperationException(
                $"{_path}: tensor '{tensor.Name}' has {_written} of its {tensor.ByteCount} bytes; write the rest "
                + "first.");
        }
        _file.Flush(flushToDisk: true);
    }

    /// <summary>Closes the file.</summary>
    public void Dispose() => _file.Dispose();

    // Moves past tensors that have all their bytes, up to the one called `name`. An empty tensor is
    // complete from the start, and need not be written at all.
    private void SkipComplete(string? name)
    {
        while (_current < _tensors.Count && _tensors[_current].Name != name && _written == _tensors[_current].ByteCount)
        {
            _current++;
            _written = 0;
        }
    }
}
