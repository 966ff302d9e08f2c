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
    private readonly byte[] _bytes; // or _values: the samples
    private readonly float[] _values;
    private readonly SampleChanges[] _changes;
    private readonly ChannelNormalization _normalization;
    private readonly float[] _targets;
    private readonly ushort[] _labels; // of positions; none unless the dataset has label maps
    private readonly int[] _samples;
    private readonly int _sampleLength;
    private readonly int _mapLength; // labels of a sample
    private readonly int _classes; // 0 where there are label maps

    internal Batch(BatchLoader loader, int capacity, ImageDataset dataset, SampleTransform transform, bool isOfBytes)
    {
        (int sampleLength, int classes) = ((int)dataset.Sample.Count, dataset.HasLabelMaps ? 0 : dataset.Classes.Count);
        _mapLength = dataset.HasLabelMaps ? (int)dataset.Sample.Positions : 0;
        _labels = GC.AllocateUninitializedArray<ushort>(capacity * _mapLength);
        _bytes = GC.AllocateUninitializedArray<byte>(isOfBytes ? capacity * sampleLength : 0);
        _values = GC.AllocateUninitializedArray<float>(isOfBytes ? 0 : capacity * sampleLength);
        _changes = new SampleChanges[isOfBytes && transform.Augmentation.ChangesOnDevice ? capacity : 0];
        _normalization = transform.Normalization;
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

    /// <summary>Count × H × W × C pixels.</summary>
    /// <exception cref="ObjectDisposedException">The batch has been given back.</exception>
    public BatchPixels Pixels
    {
        get
        {
            RequireHeld();
            return _bytes.Length > 0
                ? new(_bytes.AsSpan(0, Count * _sampleLength), ChangesToFill, _normalization)
                : new(ValuesToFill);
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

    /// <summary>Whether each position has a label, and not each sample.</summary>
    public bool HasLabelMaps => _mapLength > 0;

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

    /// <summary>Empty where samples are bytes.</summary>
    internal Span<float> ValuesToFill => _values.AsSpan(0, _values.Length > 0 ? Count * _sampleLength : 0);

    /// <summary>Empty where samples are floats, or nothing changes them on the device.</summary>
    internal Span<SampleChanges> ChangesToFill => _changes.AsSpan(0, _changes.Length > 0 ? Count : 0);

    internal Span<float> TargetsToFill => _targets.AsSpan(0, Count * _classes);

    internal SampleRow Row(int row) => new(BytesOf(row), ValuesOf(row), ChangesOf(row), LabelsOf(row));

    internal Span<float> TargetsOf(int sample) => _targets.AsSpan(sample * _classes, _classes);

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
                    BytesOf(row).CopyTo(BytesOf(Count));
                    ValuesOf(row).CopyTo(ValuesOf(Count));
                    ChangesOf(row).CopyTo(ChangesOf(Count));
                    TargetsOf(row).CopyTo(TargetsOf(Count));
                    LabelsOf(row).CopyTo(LabelsOf(Count));
                    _samples[Count] = _samples[row];
                }
                Count++;
            }
        }
        Span<SampleChanges> changes = ChangesToFill;
        for (int row = 0; row < changes.Length; row++)
        {
            changes[row] = changes[row] with { Partner = row, Weight = 1, Paste = default };
        }
    }

    private Span<byte> BytesOf(int row) => Of(_bytes, row, _sampleLength);

    private Span<float> ValuesOf(int row) => Of(_values, row, _sampleLength);

    private Span<ushort> LabelsOf(int row) => Of(_labels, row, _mapLength);

    private Span<SampleChanges> ChangesOf(int row) => Of(_changes, row, 1);

    private static Span<T> Of<T>(T[] rows, int row, int length) =>
        rows.Length == 0 ? default : rows.AsSpan(row * length, length);

    private void RequireHeld() => ObjectDisposedException.ThrowIf(Current != State.Held, this);
}
