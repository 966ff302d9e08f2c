using RevUp.Tensors;

namespace RevUp.Data.Dense;

/// <summary>How cases with label maps become samples of one shape.</summary>
public sealed record DenseSettings
{
    /// <inheritdoc cref="DenseSampling"/>
    public DenseSampling Sampling { get; init; }

    /// <summary>
    /// Share of the patches that are centred on a position of the foreground, as far as the case
    /// goes: of a class drawn from those present, then of a position drawn from its own.
    /// </summary>
    public double ForegroundShare { get; init; } = 1.0 / 3;

    /// <summary>Patches of each case in an epoch.</summary>
    public int PatchesPerCase { get; init; } = 1;

    /// <summary>
    /// Millimetres from voxel to voxel along D, H, W, to which a folder that is prepared in memory
    /// is resampled; empty for the median of the training cases.
    /// </summary>
    public IReadOnlyList<double> Spacing { get; init; } = [];

    /// <summary>
    /// Number in the masks of image folders that means 'not labelled'; 255 as in Pascal VOC and
    /// Cityscapes.
    /// </summary>
    public int IgnoredLabel { get; init; } = byte.MaxValue;

    /// <summary>Throws when a value is outside its range.</summary>
    /// <exception cref="ConfigurationException">Names the value and the range.</exception>
    internal void Validate()
    {
        ConfigurationException.Require(
            ForegroundShare is >= 0 and <= 1, $"data.dense.foregroundShare is {ForegroundShare}; use 0 to 1");
        ConfigurationException.Require(
            PatchesPerCase is >= 1 and <= 10_000, $"data.dense.patchesPerCase is {PatchesPerCase}; use 1 to 10000");
        ConfigurationException.Require(
            Spacing.Count is 0 or 3 && Spacing.All(
                step => step is >= DensePreparation.LeastSpacing and <= DensePreparation.MostSpacing),
            $"data.dense.spacing is [{string.Join(", ", Spacing)}]; give 0.000001 to 1000 mm for each of depth, height "
            + $"and width, or none for the median of the training cases");
        ConfigurationException.Require(
            IgnoredLabel is >= 0 and <= ushort.MaxValue,
            $"data.dense.ignoredLabel is {IgnoredLabel}; use 0 to 65535");
    }
}
