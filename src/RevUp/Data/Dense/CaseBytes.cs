using System.IO.MemoryMappedFiles;

namespace RevUp.Data.Dense;

/// <summary>
/// Bytes of one prepared case, in memory or in a file that is mapped at its first use: only pages
/// that are read are loaded. Thread-safe.
/// </summary>
internal sealed class CaseBytes : IDisposable
{
    private readonly Lock _lock = new();
    private readonly byte[]? _memory;
    private readonly string _path = "";
    private readonly long _length;
    private MemoryMappedFile? _file;
    private MemoryMappedViewAccessor? _view;
    private unsafe byte* _start;

    /// <summary>Bytes in memory.</summary>
    public CaseBytes(byte[] memory) => (_memory, _length) = (memory, memory.Length);

    /// <summary>A file of a length that its record tells.</summary>
    public CaseBytes(string path, long length) => (_path, _length) = (path, length);

    /// <summary>A run of the bytes.</summary>
    /// <exception cref="DataFileException">The file is missing or of another length.</exception>
    public unsafe ReadOnlySpan<byte> Slice(long offset, int length)
    {
        if (_memory is not null)
        {
            return _memory.AsSpan((int)offset, length);
        }
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset + length, _length);
        return new ReadOnlySpan<byte>(Start() + offset, length);
    }

    public unsafe void Dispose()
    {
        if (_start is not null)
        {
            _view!.SafeMemoryMappedViewHandle.ReleasePointer();
            _start = null;
        }
        _view?.Dispose();
        _file?.Dispose();
    }

    private unsafe byte* Start()
    {
        lock (_lock)
        {
            if (_start is null)
            {
                Open();
                byte* start = null;
                _view!.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
                _start = start;
            }
            return _start;
        }
    }

    private void Open()
    {
        try
        {
            long found = new FileInfo(_path).Length;
            if (found != _length)
            {
                throw new DataFileException(
                    _path, $"it has {found} bytes, expected {_length}; run 'revup data prepare' into another folder.");
            }
            _file = MemoryMappedFile.CreateFromFile(_path, FileMode.Open, null, 0, MemoryMappedFileAccess.Read);
            _view = _file.CreateViewAccessor(0, _length, MemoryMappedFileAccess.Read);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new DataFileException(
                _path, $"the prepared case cannot be read ({exception.Message}) Run 'revup data prepare' again.", exception);
        }
    }
}
