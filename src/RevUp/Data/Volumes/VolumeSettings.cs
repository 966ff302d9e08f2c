using RevUp.Tensors;

namespace RevUp.Data.Volumes;

/// <summary>How volumes become samples of one shape.</summary>
public sealed record VolumeSettings
{
    /// <inheritdoc cref="VolumeFit"/>
    public VolumeFit Fit { get; init; }

    /// <inheritdoc cref="VolumeOrientation"/>
    public VolumeOrientation Orientation { get; init; }

    /// <inheritdoc cref="VolumeNormalization"/>
    public VolumeNormalization Normalization { get; init; }

    /// <summary>
    /// Millimetres from voxel to voxel in the order of data.extents, to which volumes are resampled
    /// linearly; empty to keep them.
    /// </summary>
    public IReadOnlyList<double> Spacing { get; init; } = [];

    /// <summary>
    /// Whether data.flip mirrors each axis by a coin of its own, and not W alone.
    /// </summary>
    public bool FlipEveryAxis { get; init; }

    /// <summary>Throws when a value is outside its range.</summary>
    /// <param name="spatialRank">Number of data.extents.</param>
    /// <exception cref="ConfigurationException">Names the value and the range.</exception>
    internal void Validate(int spatialRank) => ConfigurationException.Require(
        Spacing.Count == 0 || (Spacing.Count == spatialRank && Spacing.All(step => step is >= 1e-3 and <= 1e3)),
        $"data.volumes.spacing is [{string.Join(", ", Spacing)}]; give 0.001 to 1000 mm for each of data.extents, or "
        + $"none to keep the files' own");
}
