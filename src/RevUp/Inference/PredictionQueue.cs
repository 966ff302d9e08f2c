using System.Diagnostics;
using System.Numerics;
using RevUp.Data;
using RevUp.Diagnostics;
using RevUp.Tensors;

namespace RevUp.Inference;

/// <summary>
/// Calls that wait for a network without a thread each. The network's thread takes several at once
/// and computes them as one batch.
/// </summary>
/// <remarks>
/// Batches have powers of two of samples: zeros fill them up. Every size has convolution plans and
/// packed weights of its own, so fewer sizes need less memory and less preparation.
/// </remarks>
/// <param name="model">Thread of the network.</param>
/// <param name="options">Limits.</param>
/// <param name="sample">Shape of one sample.</param>
/// <param name="classes">K.</param>
internal sealed class PredictionQueue(
    ThreadBound<LoadedModel> model, PredictorOptions options, Shape sample, int classes) : IDisposable
{
    private readonly Lock _lock = new();
    private readonly Queue<WaitingCall> _waiting = new();
    private readonly AutoResetEvent _arrived = new(initialState: false);
    private readonly List<WaitingCall> _batch = [];
    private int _samples; // that wait
    private int _limit = options.MaximumBatch; // of a pass; memory may lower it
    private byte[] _bytes = [];
    private float[] _values = [];
    private float[] _probabilities = [];

    /// <summary>Samples that wait.</summary>
    public int Waiting => Volatile.Read(ref _samples);

    /// <summary>Adds a call, which its task ends.</summary>
    /// <exception cref="PredictorBusyException">The queue is full.</exception>
    /// <exception cref="ObjectDisposedException">The network is being disposed.</exception>
    public void Add(WaitingCall call)
    {
        lock (_lock)
        {
            if (_samples + (long)call.Count > Math.Max(options.MaximumQueue, call.Count))
            {
                throw new PredictorBusyException(_samples, options.MaximumQueue);
            }
            _waiting.Enqueue(call);
            _samples += call.Count;
        }
        Telemetry.Queue.Add(call.Count);
        try
        {
            // One request of the thread for each call; those that find the queue empty do nothing.
            model.Post(Work);
        }
        catch (ObjectDisposedException)
        {
            call.TryTake();
            throw;
        }
        _arrived.Set();
    }

    /// <summary>Ends what the calls of a disposed network need.</summary>
    public void Dispose() => _arrived.Dispose();

    private void Work(LoadedModel network)
    {
        Collect();
        try
        {
            if (_batch.Count > 0)
            {
                Compute(network);
            }
        }
        catch (Exception exception)
        {
            _batch.ForEach(call => call.TrySetException(exception));
        }
        finally
        {
            _batch.Clear();
        }
    }

    // Calls of one kind of input, up to the largest batch; the first one may exceed it.
    private void Collect()
    {
        long start = Stopwatch.GetTimestamp();
        int samples = 0;
        while (true)
        {
            lock (_lock)
            {
                while (_waiting.TryPeek(out WaitingCall? next) && Fits(next))
                {
                    _waiting.Dequeue();
                    _samples -= next.Count;
                    Telemetry.Queue.Add(-next.Count);
                    if (next.TryTake())
                    {
                        _batch.Add(next);
                        samples += next.Count;
                    }
                }
                if (samples == 0 || samples >= options.MaximumBatch || _waiting.Count > 0)
                {
                    return;
                }
            }
            TimeSpan left = options.BatchDelay - Stopwatch.GetElapsedTime(start);
            if (left <= TimeSpan.Zero || !_arrived.WaitOne(left))
            {
                return;
            }
        }

        bool Fits(WaitingCall next) => samples == 0
            || (samples + next.Count <= options.MaximumBatch && next.IsOfBytes == _batch[0].IsOfBytes);
    }

    private void Compute(LoadedModel network)
    {
        int samples = _batch.Sum(call => call.Count), length = (int)sample.Count;
        bool isOfBytes = _batch[0].IsOfBytes;
        Grow(ref _probabilities, samples * classes);
        if (isOfBytes)
        {
            Gather(ref _bytes, samples * length, call => call.Bytes);
        }
        else
        {
            Gather(ref _values, samples * length, call => call.Values);
        }
        for (int start = 0; start < samples;)
        {
            int count = Math.Min(_limit, samples - start);
            try
            {
                Pass(network, start, count, isOfBytes);
                start += count;
            }
            catch (ArenaExhaustedException) when (count > 1)
            {
                _limit = Padded(count) / 2;
            }
        }
        Telemetry.Samples.Add(samples);
        int place = 0;
        foreach (WaitingCall call in _batch)
        {
            int count = call.Count * classes;
            call.Complete(_probabilities.AsSpan(place, count), classes);
            place += count;
        }
    }

    // Samples behind the counted ones fill the pass up: zeros, or what an earlier batch left.
    private void Pass(LoadedModel network, int start, int count, bool isOfBytes)
    {
        int padded = Padded(count), length = (int)sample.Count;
        Telemetry.Batch.Record(padded);
        Grow(ref _probabilities, (start + padded) * classes);
        Span<float> probabilities = _probabilities.AsSpan(start * classes, padded * classes);
        if (isOfBytes)
        {
            Grow(ref _bytes, (start + padded) * length);
            network.Predict(network.Bytes(_bytes.AsSpan(start * length, padded * length)), probabilities);
        }
        else
        {
            Grow(ref _values, (start + padded) * length);
            network.Predict(new BatchPixels(_values.AsSpan(start * length, padded * length)), probabilities);
        }
    }

    private int Padded(int count) => Math.Min((int)BitOperations.RoundUpToPowerOf2((uint)count), _limit);

    private void Gather<T>(ref T[] buffer, int length, Func<WaitingCall, ReadOnlyMemory<T>> content)
    {
        Grow(ref buffer, length);
        int place = 0;
        foreach (WaitingCall call in _batch)
        {
            ReadOnlySpan<T> values = content(call).Span;
            values.CopyTo(buffer.AsSpan(place));
            place += values.Length;
        }
    }

    private static void Grow<T>(ref T[] buffer, int length)
    {
        if (buffer.Length < length)
        {
            Array.Resize(ref buffer, length);
        }
    }
}
