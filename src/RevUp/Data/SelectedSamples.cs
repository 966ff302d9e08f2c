using RevUp.Tensors;

namespace RevUp.Data;

/// <summary>Some samples of a dataset, which it owns, in a given order.</summary>
internal sealed class SelectedSamples(ImageDataset dataset, int[] selected) : ImageDataset
{
    public override int Count => selected.Length;

    public override IReadOnlyList<string> Classes => dataset.Classes;

    public override Shape Sample => dataset.Sample;

    public override bool HasOwnSizes => dataset.HasOwnSizes;

    internal override IReadOnlyList<DataFinding> Findings => dataset.Findings;

    public override bool HasTargets => dataset.HasTargets;

    public override ReadOnlySpan<float> Target(int index) => dataset.Target(At(index));

    public override int Label(int index) => dataset.Label(At(index));

    public override string Name(int index) => dataset.Name(At(index));

    public override SampleReader OpenReader() => new Reader(dataset.OpenReader(), selected);

    protected override void Dispose(bool disposing)
    {
        dataset.Dispose();
        base.Dispose(disposing);
    }

    private int At(int index)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)selected.Length, nameof(index));
        return selected[index];
    }

    private sealed class Reader(SampleReader reader, int[] selected) : SampleReader
    {
        internal override bool WritesBytes => reader.WritesBytes;

        internal override void Write(int index, SampleKey key, SampleTransform transform, SampleRow row) =>
            reader.Write(selected[index], key, transform, row);

        internal override void Measure(int index, ChannelStatistics statistics) =>
            reader.Measure(selected[index], statistics);

        protected override void Dispose(bool disposing)
        {
            reader.Dispose();
            base.Dispose(disposing);
        }
    }
}
