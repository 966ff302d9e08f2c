using RevUp.Tensors;

namespace RevUp.Data;

/// <summary>A dataset, which it owns, with the same classes in another order.</summary>
internal sealed class RelabeledDataset : ImageDataset
{
    private readonly ImageDataset _dataset;
    private readonly int[] _labels;

    /// <param name="dataset">The samples.</param>
    /// <param name="classes">The names of its classes in the wanted order.</param>
    public RelabeledDataset(ImageDataset dataset, IReadOnlyList<string> classes)
    {
        (_dataset, Classes) = (dataset, classes);
        _labels = ClassNames.Labels(dataset.Classes, classes, dataset.Name);
    }

    public override int Count => _dataset.Count;

    public override IReadOnlyList<string> Classes { get; }

    public override Shape Sample => _dataset.Sample;

    public override bool HasOwnSizes => _dataset.HasOwnSizes;

    internal override IReadOnlyList<DataFinding> Findings => _dataset.Findings;

    public override int Label(int index) => _labels[_dataset.Label(index)];

    public override string Name(int index) => _dataset.Name(index);

    public override SampleReader OpenReader() => _dataset.OpenReader();

    protected override void Dispose(bool disposing)
    {
        _dataset.Dispose();
        base.Dispose(disposing);
    }
}
