using RevUp.Tensors;

namespace RevUp.Data.Dense;

/// <summary>Some cases of a dataset, which it owns, in a given order.</summary>
internal sealed class SelectedCases(DenseDataset dataset, int[] selected) : DenseDataset
{
    public override int Count => selected.Length;

    public override int Channels => dataset.Channels;

    public override IReadOnlyList<string> Classes => dataset.Classes;

    public override bool HasBackground => dataset.HasBackground;

    internal override bool IsNormalized => dataset.IsNormalized;

    internal override DensePreparation? Preparation => dataset.Preparation;

    internal override IReadOnlyList<int> LabelValues => dataset.LabelValues;

    internal override IReadOnlyList<DataFinding> Findings => dataset.Findings;

    internal override SourceLabels? ReadSource(int index) => dataset.ReadSource(selected[index]);

    public override Shape Extents(int index) => dataset.Extents(selected[index]);

    public override IReadOnlyList<double> Spacing(int index) => dataset.Spacing(selected[index]);

    public override string Name(int index) => dataset.Name(selected[index]);

    public override DenseReader OpenReader() => new Reader(dataset, selected);

    protected override void Dispose(bool disposing)
    {
        dataset.Dispose();
        base.Dispose(disposing);
    }

    private sealed class Reader(DenseDataset dataset, int[] selected) : DenseReader
    {
        private readonly DenseReader _reader = dataset.OpenReader();

        public override void Read(
            int index, ReadOnlySpan<int> origin, Shape box, Span<float> pixels, Span<ushort> labels) =>
            _reader.Read(selected[index], origin, box, pixels, labels);

        internal override bool TryDrawForeground(
            DenseDataset owner, int index, ref CounterRandom random, out long position) =>
            _reader.TryDrawForeground(dataset, selected[index], ref random, out position);

        protected override void Dispose(bool disposing)
        {
            _reader.Dispose();
            base.Dispose(disposing);
        }
    }
}
