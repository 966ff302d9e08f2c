using RevUp.Tensors;

namespace RevUp.Data.Dense;

/// <summary>
/// Samples of one shape that are cut from the cases of a <see cref="DenseDataset"/>, with a label
/// at each position.
/// </summary>
/// <remarks>
/// An epoch has patchesPerCase samples of each case; sample i is cut from case ⌊i /
/// patchesPerCase⌋. The place of a patch depends on (seed, epoch, i) and on nothing else. With
/// <see cref="DenseSampling.Whole"/> a sample is a whole case, padded on both sides.
/// </remarks>
internal sealed class DensePatches : ImageDataset
{
    private readonly DenseSettings _settings;

    /// <summary>Samples of a dataset, which this owns then.</summary>
    /// <exception cref="ConfigurationException">
    /// The samples have other channels than the cases, or a case does not fit whole.
    /// </exception>
    public DensePatches(DenseDataset cases, Shape sample, DenseSettings settings)
    {
        ConfigurationException.Require(
            sample.Channels == cases.Channels,
            $"data.channels is {sample.Channels}, but the cases have {cases.Channels}; set data.channels to that");
        for (int index = 0; settings.Sampling == DenseSampling.Whole && index < cases.Count; index++)
        {
            VoxelIndex extents = VoxelIndex.Of(cases.Extents(index)), box = VoxelIndex.Of(sample);
            ConfigurationException.Require(
                extents.Depth <= box.Depth && extents.Height <= box.Height && extents.Width <= box.Width,
                $"data.dense.sampling is 'whole', and {cases.Name(index)} has {extents} positions, more than the {box} "
                + $"of data.extents; use larger extents, or data.dense.sampling=patches");
        }
        (Cases, Sample, _settings) = (cases, sample, settings);
    }

    /// <summary>The whole cases, for an evaluation.</summary>
    public DenseDataset Cases { get; }

    /// <inheritdoc/>
    public override int Count => checked(Cases.Count * _settings.PatchesPerCase);

    /// <inheritdoc/>
    public override IReadOnlyList<string> Classes => Cases.Classes;

    /// <inheritdoc/>
    public override Shape Sample { get; }

    /// <inheritdoc/>
    internal override bool HasLabelMaps => true;

    /// <inheritdoc/>
    internal override IReadOnlyList<DataFinding> Findings => Cases.Findings;

    /// <summary>There is none: a sample has a label at each position.</summary>
    public override int Label(int index) => throw new InvalidOperationException(
        "A sample of dense data has a label at each position, and none of its own.");

    /// <inheritdoc/>
    public override string Name(int index) => Cases.Name(CaseOf(index));

    /// <inheritdoc/>
    public override SampleReader OpenReader() => new PatchReader(this, _settings);

    /// <summary>The first sample that is cut from case <paramref name="index"/>.</summary>
    internal int SampleOf(int index) => index * _settings.PatchesPerCase;

    /// <summary>The case that sample <paramref name="index"/> is cut from.</summary>
    internal int CaseOf(int index) => index / _settings.PatchesPerCase;

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        Cases.Dispose();
        base.Dispose(disposing);
    }
}
