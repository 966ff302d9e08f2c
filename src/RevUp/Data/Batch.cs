using System.Runtime.ExceptionServices;

namespace RevUp.Data;

/// <summary>
/// Samples of one training step, in buffers that belong to a <see cref="BatchLoader"/> and are used
/// again after <see cref="Dispose"/>.
/// </summary>
/// <remarks>
/// Valid until it is disposed or its loader moves on, whichever comes first: copy what must live
/// longer.
/// </remarks>
internal sealed class Batch : IDisposable
{
    private readonly BatchLoader _loader;
    private readonly float[] _pixels;
    private readonly float[] _targets;
    private readonly ushort[] _labels; // of positions; none unless the dataset has label maps
    private readonly int[] _samples;
    private readonly int _sampleLength;
    private readonly int _classes; // 0 where there are label maps
    private readonly int _mapLength;

    internal Batch(BatchLoader loader, int capacity, ImageDataset dataset)
    {
        (int sampleLength, int classes) = ((int)dataset.Sample.Count, dataset.HasLabelMaps ? 0 : dataset.Classes.Count);
        _mapLength = dataset.HasLabelMaps ? (int)dataset.Sample.Positions : 0;
        _labels = GC.AllocateUninitializedArray<ushort>(capacity * _mapLength);
        _pixels = GC.AllocateUninitializedArray<float>(capacity * sampleLength);
        _targets = GC.AllocateUninitializedArray<float>(capacity * classes);
        IsFilled = new bool[capacity];
        _samples = new int[capacity];
        (_loader, _sampleLength, _classes) = (loader, sampleLength, classes);
    }

    // Life of the buffers: Free → (a worker claims samples) Building → Ready → (the caller takes
    // it) Held → Free. Guarded by the loader's lock, like what says who works on them.
    internal enum State
    {
        Free,
        Building,
        Ready,
        Held,
    }

    internal State Current { get; set; }

    /// <summary>The batch's number, counted over all epochs, and the loader's generation.</summary>
    internal long Number { get; set; }

    internal int Generation { get; set; }

    /// <summary>
    /// Samples to fill, how many of them workers have claimed, and how many workers fill some now.
    /// </summary>
    internal int Rows { get; set; }

    internal int NextRow { get; set; }

    internal int Workers { get; set; }

    /// <summary>Whether each row has a sample; not where a damaged one is left out.</summary>
    internal bool[] IsFilled { get; }

    internal ExceptionDispatchInfo? Failure { get; set; }

    internal int FailedRow { get; set; }

    /// <summary>
    /// Samples in this batch: the batch size, or less in the last batch of an epoch and where
    /// damaged samples are left out.
    /// </summary>
    public int Count { get; internal set; }

    /// <summary>The epoch, counted from 0.</summary>
    public int Epoch { get; internal set; }

    /// <summary>The batch's number in its epoch, counted from 0.</summary>
    public int Index { get; internal set; }

    /// <summary>Count × H × W × C normalised pixels, float32.</summary>
    /// <exception cref="ObjectDisposedException">The batch has been given back.</exception>
    public ReadOnlySpan<float> Pixels
    {
        get
        {
            RequireHeld();
            return _pixels.AsSpan(0, Count * _sampleLength);
        }
    }

    /// <summary>
    /// Count × K target probabilities, float32; each row sums to 1, or with class weights to the
    /// weight of its class.
    /// </summary>
    /// <exception cref="ObjectDisposedException">The batch has been given back.</exception>
    public ReadOnlySpan<float> Targets
    {
        get
        {
            RequireHeld();
            return _targets.AsSpan(0, Count * _classes);
        }
    }

    /// <summary>
    /// Count × (D) × H × W labels of positions; empty where samples have one label each, and then
    /// <see cref="Targets"/> has them.
    /// </summary>
    /// <exception cref="ObjectDisposedException">The batch has been given back.</exception>
    public ReadOnlySpan<ushort> Labels
    {
        get
        {
            RequireHeld();
            return _labels.AsSpan(0, Count * _mapLength);
        }
    }

    /// <summary>
    /// Gives the buffers back to the loader, so that a worker can fill them while the caller still
    /// computes. Harmless when repeated.
    /// </summary>
    public void Dispose() => _loader.Return(this);

    /// <summary>
    /// Number in its dataset of the sample in a row; where rows are mixed, of the first one.
    /// </summary>
    internal int Sample(int row) => _samples[row];

    internal void SetSample(int row, int index) => _samples[row] = index;

    internal Span<float> PixelsToFill => _pixels.AsSpan(0, Count * _sampleLength);

    internal Span<float> TargetsToFill => _targets.AsSpan(0, Count * _classes);

    internal Span<float> PixelsOf(int sample) => _pixels.AsSpan(sample * _sampleLength, _sampleLength);

    internal Span<float> TargetsOf(int sample) => _targets.AsSpan(sample * _classes, _classes);

    internal Span<ushort> LabelsOf(int sample) => _labels.AsSpan(sample * _mapLength, _mapLength);

    /// <summary>Moves the filled rows to the front, in their order, and counts them.</summary>
    internal void Close()
    {
        Count = 0;
        for (int row = 0; row < Rows; row++)
        {
            if (IsFilled[row])
            {
                if (row > Count)
                {
                    PixelsOf(row).CopyTo(PixelsOf(Count));
                    TargetsOf(row).CopyTo(TargetsOf(Count));
                    LabelsOf(row).CopyTo(LabelsOf(Count));
                    _samples[Count] = _samples[row];
                }
                Count++;
            }
        }
    }

    private void RequireHeld() => ObjectDisposedException.ThrowIf(Current != State.Held, this);
}
