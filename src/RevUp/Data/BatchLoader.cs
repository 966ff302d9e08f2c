using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.ExceptionServices;
using RevUp.Backends;
using RevUp.Interop.Nvtx;
using RevUp.Tensors;

namespace RevUp.Data;

/// <summary>
/// Turns a dataset into batches on background threads: order, augmentation and soft targets are
/// pure functions of (seed, epoch, sample).
/// </summary>
/// <remarks>
/// The same options give the same bytes in the same order for any number of workers, and from any
/// starting point. Workers share the samples of a batch and run ahead by a fixed number of batches,
/// on into the next epoch. They fill buffers that are used again: (prefetch + 1) · min(batch, N) ·
/// (H·W·C + 4·K) bytes for the loader's whole life, with 4·H·W·C where samples are floats, and
/// nothing per sample. A damaged sample is left out, or replaced by the next good one in the order
/// (<see cref="BatchLoaderOptions.ReplaceDamaged"/>), and noted in <see cref="Damaged"/>. One
/// thread may consume. The dataset is read by all workers at once and must outlive the loader.
/// </remarks>
/// <example><code>
/// BatchLoaderOptions options = new() { Shuffle = true, Augmentation = new() { Flip = true } };
/// using var loader = new BatchLoader(train, ChannelNormalization.Compute(train), options);
/// foreach (Batch batch in loader.Epoch(epoch))
/// {
///     Step(batch.Pixels, batch.Targets, batch.Count);
/// }
/// </code></example>
internal sealed class BatchLoader : IDisposable
{
    private readonly ImageDataset _dataset;
    private readonly BatchLoaderOptions _options;
    private readonly BatchFiller[] _fillers; // one for each worker
    private readonly Batch[] _ring; // batch number s, counted over all epochs, lives in _ring[s % length]
    private readonly Thread[] _workers;
    private readonly int _ownPerEpoch;

    private readonly object _lock = new(); // guards all below, and the state of each batch
    private long _nextToBuild; // the number whose samples are being handed out
    private long _nextToTake;
    private Batch? _held;
    private bool _started;
    private TimeSpan _waited;

    // Written under the lock, and read by workers between samples without it: a change makes them
    // drop what they are building.
    private volatile int _generation;
    private volatile bool _disposed;

    /// <summary>Allocates the ring and the threads; they start with the first epoch.</summary>
    /// <exception cref="ConfigurationException">
    /// An option is out of range, or the dataset, the options and the normalisation do not fit
    /// together.
    /// </exception>
    public BatchLoader(ImageDataset dataset, ChannelNormalization normalization, BatchLoaderOptions options)
    {
        ArgumentNullException.ThrowIfNull(dataset);
        ArgumentNullException.ThrowIfNull(normalization);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate(dataset, normalization);
        (_dataset, _options) = (dataset, options);
        Damaged = options.Damaged ?? new DamagedSamples(dataset, DataSettings.DefaultDamagedShare);
        SampleTransform transform = new(options.Augmentation, normalization);
        BatchesPerEpoch = (dataset.Count + (options.DropLast ? 0 : options.BatchSize - 1)) / options.BatchSize;
        _ownPerEpoch = (BatchesPerEpoch - options.Rank + options.Ranks - 1) / options.Ranks;
        _fillers = new BatchFiller[options.Workers];
        _workers = new Thread[options.Workers];
        for (int worker = 0; worker < _workers.Length; worker++)
        {
            BatchFiller filler = new(dataset, transform, options, Damaged);
            _fillers[worker] = filler;
            _workers[worker] =
                new Thread(() => Work(filler)) { IsBackground = true, Name = $"RevUp data worker {worker}" };
        }
        bool isOfBytes = _fillers[0].WritesBytes;
        if (isOfBytes)
        {
            normalization.RequireFiniteBytes();
        }
        int capacity = Math.Min(options.BatchSize, dataset.Count);
        _ring = new Batch[options.Prefetch + 1];
        for (int slot = 0; slot < _ring.Length; slot++)
        {
            _ring[slot] = new Batch(this, capacity, dataset, transform, isOfBytes);
        }
    }

    /// <summary>Samples that could not be read so far.</summary>
    public DamagedSamples Damaged { get; }

    /// <summary>Batches of one epoch, of all ranks together.</summary>
    public int BatchesPerEpoch { get; }

    /// <summary>How long the consumer has waited for batches so far.</summary>
    public TimeSpan Waited
    {
        get
        {
            lock (_lock)
            {
                return _waited;
            }
        }
    }

    /// <summary>
    /// The batches of one epoch from <paramref name="firstBatch"/> on; each is valid until the next
    /// one is taken. Of several ranks each gets its share; <paramref name="firstBatch"/> is then a
    /// multiple of their number.
    /// </summary>
    /// <remarks>
    /// Asking for what comes next anyway (the epoch after the last one read to its end) takes what
    /// the workers have prepared; anything else makes them start there. A batch of nothing but
    /// damaged samples that are left out is passed over. A failure in a worker is thrown here, with
    /// its own type, when its batch is due. Enumerating again ends the validity of an earlier
    /// enumeration.
    /// </remarks>
    /// <exception cref="ArgumentOutOfRangeException">
    /// The epoch is negative, or the batch not in 0 .. BatchesPerEpoch.
    /// </exception>
    /// <exception cref="ObjectDisposedException">
    /// The loader is disposed, also while waiting for a batch.
    /// </exception>
    public IEnumerable<Batch> Epoch(int epoch, int firstBatch = 0)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ArgumentOutOfRangeException.ThrowIfNegative(epoch);
        ArgumentOutOfRangeException.ThrowIfNegative(firstBatch);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(firstBatch, BatchesPerEpoch);
        return Enumerate((long)epoch * _ownPerEpoch + firstBatch / _options.Ranks, ((long)epoch + 1) * _ownPerEpoch);
    }

    /// <summary>
    /// Stops the workers at their next sample and waits for them. Batches are no longer valid.
    /// </summary>
    public void Dispose()
    {
        bool started;
        lock (_lock)
        {
            if (_disposed)
            {
                return;
            }
            _disposed = true;
            started = _started;
            Release(ref _held);
            Monitor.PulseAll(_lock);
        }
        if (started)
        {
            Array.ForEach(_workers, worker => worker.Join());
        }
        Array.ForEach(_fillers, filler => filler.Dispose());
    }

    internal void Return(Batch batch)
    {
        lock (_lock)
        {
            if (ReferenceEquals(_held, batch))
            {
                Release(ref _held);
            }
        }
    }

    private IEnumerable<Batch> Enumerate(long first, long end)
    {
        if (first < end)
        {
            Seek(first);
        }
        for (long number = first; number < end; number++)
        {
            Batch batch = Take(number);
            if (batch.Count > 0)
            {
                yield return batch;
            }
        }
    }

    private void Seek(long first)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            Release(ref _held);
            if (first != _nextToTake || !_started)
            {
                _generation++;
                (_nextToBuild, _nextToTake) = (first, first);
                foreach (Batch batch in _ring)
                {
                    // Workers free what they still write to.
                    batch.Current = batch.Workers > 0 ? Batch.State.Building : Batch.State.Free;
                }
            }
            if (!_started)
            {
                _started = true;
                Array.ForEach(_workers, worker => worker.Start());
            }
            Monitor.PulseAll(_lock);
        }
    }

    private Batch Take(long number)
    {
        lock (_lock)
        {
            Release(ref _held);
            if (number != _nextToTake)
            {
                throw new InvalidOperationException(
                    "This enumeration ended when another was begun on the same loader; finish one before the next.");
            }
            Batch batch = _ring[number % _ring.Length];
            if (batch.Current != Batch.State.Ready)
            {
                using NvtxRange range = NvtxRange.Open(ProfilerRanges.Data);
                long start = Stopwatch.GetTimestamp();
                while (batch.Current != Batch.State.Ready && !_disposed)
                {
                    Monitor.Wait(_lock);
                }
                _waited += Stopwatch.GetElapsedTime(start);
            }
            ObjectDisposedException.ThrowIf(_disposed, this);
            _nextToTake++;
            _held = batch;
            batch.Current = Batch.State.Held;
            if (batch.Failure is { } failure)
            {
                Release(ref _held);
                failure.Throw();
            }
            return batch;
        }
    }

    // Frees the slot for its next number. The caller holds the lock.
    private void Release(ref Batch? batch)
    {
        if (batch is not null)
        {
            batch.Current = Batch.State.Free;
            batch = null;
            Monitor.PulseAll(_lock);
        }
    }

    private void Work(BatchFiller filler)
    {
        while (Claim(out Batch? batch, out Range rows))
        {
            try
            {
                Fill(filler, batch, rows);
            }
            catch (Exception exception)
            {
                // Nothing may end the thread unseen: the consumer waits for this batch.
                Fail(batch, rows.Start.Value, exception);
            }
            if (IsLast(batch))
            {
                Finish(filler, batch);
            }
        }
    }

    // Waits for samples to fill, some rows of one batch; false when the loader is disposed.
    private bool Claim([NotNullWhen(true)] out Batch? batch, out Range rows)
    {
        lock (_lock)
        {
            while (!_disposed)
            {
                batch = _ring[_nextToBuild % _ring.Length];
                if (batch.Current == Batch.State.Free)
                {
                    Begin(batch);
                }
                if (batch.Number == _nextToBuild && batch.Generation == _generation && batch.NextRow < batch.Rows)
                {
                    int end = Math.Min(batch.Rows, batch.NextRow + RowsPerClaim(batch.Rows));
                    rows = batch.NextRow..end;
                    batch.NextRow = end;
                    batch.Workers++;
                    _nextToBuild += end == batch.Rows ? 1 : 0;
                    return true;
                }
                Monitor.Wait(_lock);
            }
        }
        (batch, rows) = (null, default);
        return false;
    }

    // The caller holds the lock.
    private void Begin(Batch batch)
    {
        batch.Current = Batch.State.Building;
        batch.Number = _nextToBuild;
        batch.Generation = _generation;
        batch.Epoch = (int)(_nextToBuild / _ownPerEpoch);
        batch.Index = (int)(_nextToBuild % _ownPerEpoch) * _options.Ranks + _options.Rank;
        batch.Rows = Math.Min(_options.BatchSize, _dataset.Count - batch.Index * _options.BatchSize);
        batch.NextRow = 0;
        batch.Failure = null;
    }

    // Few enough that all workers end at about the same time, for slow samples; enough to keep the
    // lock idle, for fast ones.
    private int RowsPerClaim(int rows) => Math.Max(1, rows / (4 * _options.Workers));

    private void Fill(BatchFiller filler, Batch batch, Range rows)
    {
        using NvtxRange range = NvtxRange.Open(ProfilerRanges.Samples);
        EpochPermutation order = new(_dataset.Count, _options.Seed, batch.Epoch);
        int first = batch.Index * _options.BatchSize;
        for (int row = rows.Start.Value; row < rows.End.Value; row++)
        {
            if (_disposed || batch.Generation != _generation)
            {
                return;
            }
            batch.IsFilled[row] = filler.TryWriteSample(batch, row, order, first + row);
        }
    }

    // The consumer throws on what failed first in the order of the samples.
    private void Fail(Batch batch, int row, Exception exception)
    {
        lock (_lock)
        {
            if (batch.Failure is null || row < batch.FailedRow)
            {
                (batch.Failure, batch.FailedRow) = (ExceptionDispatchInfo.Capture(exception), row);
            }
        }
    }

    // Whether this worker is the last on a batch that is wanted and has all its samples; it still
    // counts as one then.
    private bool IsLast(Batch batch)
    {
        lock (_lock)
        {
            bool isWanted = batch.Generation == _generation && !_disposed;
            if (isWanted && batch.Workers == 1 && batch.NextRow == batch.Rows)
            {
                return true;
            }
            batch.Workers--;
            if (!isWanted && batch.Workers == 0)
            {
                batch.Current = Batch.State.Free;
                Monitor.PulseAll(_lock);
            }
            return false;
        }
    }

    private void Finish(BatchFiller filler, Batch batch)
    {
        using NvtxRange range = NvtxRange.Open(ProfilerRanges.Batch);
        try
        {
            filler.Finish(batch);
        }
        catch (Exception exception)
        {
            Fail(batch, batch.Rows, exception);
        }
        lock (_lock)
        {
            batch.Workers = 0;
            batch.Current = batch.Generation == _generation ? Batch.State.Ready : Batch.State.Free;
            Monitor.PulseAll(_lock);
        }
    }
}
