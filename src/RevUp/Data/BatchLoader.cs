using System.Runtime.ExceptionServices;
using RevUp.Tensors;

namespace RevUp.Data;

/// <summary>
/// Turns a dataset into batches on background threads: order, augmentation, normalisation and soft targets are pure functions of (seed, epoch, sample).
/// </summary>
/// <remarks>
/// The same options give the same bytes in the same order for any number of workers, and from any starting point. Workers run ahead by a fixed number of
/// batches, on into the next epoch, and fill buffers that are used again: (prefetch + 1) · min(batch, N) · (H·W·C + K) · 4 bytes for the loader's whole
/// life, and nothing per sample. A damaged sample is left out, or replaced by the next good one in the order
/// (<see cref="BatchLoaderOptions.ReplaceDamaged"/>), and noted in <see cref="Damaged"/>. One thread may consume. The dataset is read by all workers at once
/// and must outlive the loader.
/// </remarks>
/// <example><code>
/// using var loader = new BatchLoader(train, ChannelNormalization.Compute(train), new() { Shuffle = true, Augmentation = new() { Flip = true } });
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

    private readonly object _lock = new(); // guards all below, and the state of each batch
    private long _nextToBuild;
    private long _nextToTake;
    private Batch? _held;
    private bool _started;

    // Written under the lock, and read by workers between samples without it: a change makes them drop what they are building.
    private volatile int _generation;
    private volatile bool _disposed;

    /// <summary>Allocates the ring and the threads; they start with the first epoch.</summary>
    /// <exception cref="ConfigurationException">An option is out of range, or the dataset, the options and the normalisation do not fit together.</exception>
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
        _ring = new Batch[options.Prefetch + 1];
        for (int slot = 0; slot < _ring.Length; slot++)
        {
            _ring[slot] = new Batch(this, Math.Min(options.BatchSize, dataset.Count), (int)dataset.Sample.Count, dataset.Classes.Count);
        }
        _fillers = new BatchFiller[options.Workers];
        _workers = new Thread[options.Workers];
        for (int worker = 0; worker < _workers.Length; worker++)
        {
            BatchFiller filler = new(dataset, transform, options, Damaged);
            _fillers[worker] = filler;
            _workers[worker] = new Thread(() => Work(filler)) { IsBackground = true, Name = $"RevUp data worker {worker}" };
        }
    }

    /// <summary>What could not be read so far.</summary>
    public DamagedSamples Damaged { get; }

    /// <summary>Batches of one epoch.</summary>
    public int BatchesPerEpoch { get; }

    /// <summary>The batches of one epoch from <paramref name="firstBatch"/> on; each is valid until the next one is taken.</summary>
    /// <remarks>
    /// Asking for what comes next anyway (the epoch after the last one read to its end) takes what the workers have prepared; anything else makes them start
    /// there. A batch of nothing but damaged samples that are left out is passed over. A failure in a worker is thrown here, with its own type, when its batch
    /// is due. Enumerating again ends the validity of an earlier enumeration.
    /// </remarks>
    /// <exception cref="ArgumentOutOfRangeException">The epoch is negative, or the batch not in 0 .. BatchesPerEpoch.</exception>
    /// <exception cref="ObjectDisposedException">The loader is disposed, also while waiting for a batch.</exception>
    public IEnumerable<Batch> Epoch(int epoch, int firstBatch = 0)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ArgumentOutOfRangeException.ThrowIfNegative(epoch);
        ArgumentOutOfRangeException.ThrowIfNegative(firstBatch);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(firstBatch, BatchesPerEpoch);
        return Enumerate((long)epoch * BatchesPerEpoch + firstBatch, ((long)epoch + 1) * BatchesPerEpoch);
    }

    /// <summary>Stops the workers at their next sample and waits for them. Batches are no longer valid.</summary>
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
                    batch.Current = batch.Current == Batch.State.Building ? Batch.State.Building : Batch.State.Free;
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
                throw new InvalidOperationException("This enumeration ended when another was begun on the same loader; finish one before the next.");
            }
            Batch batch = _ring[number % _ring.Length];
            while (batch.Current != Batch.State.Ready)
            {
                ObjectDisposedException.ThrowIf(_disposed, this);
                Monitor.Wait(_lock);
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
        while (Claim(out Batch? batch, out long number, out int generation))
        {
            ExceptionDispatchInfo? failure = null;
            bool complete = false;
            try
            {
                complete = Build(filler, batch, number, generation);
            }
            catch (Exception exception)
            {
                // Nothing may end the thread unseen: the consumer is waiting for this batch, and throws it on.
                failure = ExceptionDispatchInfo.Capture(exception);
            }
            lock (_lock)
            {
                bool wanted = generation == _generation && (complete || failure is not null);
                batch.Current = wanted ? Batch.State.Ready : Batch.State.Free;
                batch.Failure = failure;
                Monitor.PulseAll(_lock);
            }
        }
    }

    // Waits for the next number whose slot is free; false when the loader is disposed.
    private bool Claim([System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out Batch? batch, out long number, out int generation)
    {
        lock (_lock)
        {
            while (!_disposed)
            {
                (number, generation) = (_nextToBuild, _generation);
                batch = _ring[number % _ring.Length];
                if (batch.Current == Batch.State.Free)
                {
                    _nextToBuild++;
                    batch.Current = Batch.State.Building;
                    return true;
                }
                Monitor.Wait(_lock);
            }
        }
        (batch, number, generation) = (null, 0, 0);
        return false;
    }

    // Fills the batch; false when it was given up half-way because nobody wants it any more.
    private bool Build(BatchFiller filler, Batch batch, long number, int generation)
    {
        batch.Epoch = (int)(number / BatchesPerEpoch);
        batch.Index = (int)(number % BatchesPerEpoch);
        int first = batch.Index * _options.BatchSize;
        int end = Math.Min(first + _options.BatchSize, _dataset.Count);
        EpochPermutation order = new(_dataset.Count, _options.Seed, batch.Epoch);
        batch.Count = 0;
        for (int position = first; position < end; position++)
        {
            if (_disposed || generation != _generation)
            {
                return false;
            }
            batch.Count += filler.TryWriteSample(batch, batch.Count, order, position) ? 1 : 0;
        }
        filler.Finish(batch);
        return true;
    }
}
