using Microsoft.Win32.SafeHandles;

namespace RevUp.Data.Images;

/// <summary>Keeps a bounded number of shards open, for any number of threads.</summary>
/// <remarks>An unfolded shard stays open, because it would have to be unfolded again.</remarks>
internal sealed class ShardPool(string[] paths) : IDisposable
{
    private const int Limit = 64;

    private readonly FileStream?[] _open = new FileStream?[paths.Length];
    private readonly Queue<int> _plain = []; // those that may be closed, the oldest first
    private readonly object _lock = new();
    private volatile bool _disposed;

    /// <summary>Whether all of them are closed for good.</summary>
    public bool IsDisposed => _disposed;

    /// <summary>
    /// A shard's open file. Another thread may close it for room: a reader that meets <see
    /// cref="ObjectDisposedException"/> asks again.
    /// </summary>
    /// <exception cref="IOException">The shard cannot be opened.</exception>
    public SafeFileHandle Get(int shard) => (Volatile.Read(ref _open[shard]) ?? Open(shard)).SafeFileHandle;

    /// <summary>Closes all of them.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _disposed = true;
            Array.ForEach(_open, file => file?.Dispose());
        }
    }

    private FileStream Open(int shard)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (_open[shard] is { } open)
            {
                return open;
            }
            if (_plain.Count >= Limit)
            {
                CloseOldest();
            }
            FileStream file = OpenWithRoom(paths[shard]);
            if (file.Name == Path.GetFullPath(paths[shard]))
            {
                _plain.Enqueue(shard);
            }
            Volatile.Write(ref _open[shard], file);
            return file;
        }
    }

    // Where the process has no file to spare, the oldest makes room.
    private FileStream OpenWithRoom(string path)
    {
        while (true)
        {
            try
            {
                return ShardFile.Open(path);
            }
            catch (IOException exception) when (OpenFiles.AreTooMany(exception) && _plain.Count > 0)
            {
                CloseOldest();
            }
        }
    }

    private void CloseOldest()
    {
        int oldest = _plain.Dequeue();
        FileStream closed = _open[oldest]!;
        Volatile.Write(ref _open[oldest], null);
        closed.Dispose();
    }
}
