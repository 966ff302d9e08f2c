using RevUp.Tensors;

namespace RevUp.Data;

/// <summary>
/// RandomResizedCrop (arXiv 1409.4842, section 6): area and proportions of the part that is cut
/// out.
/// </summary>
public sealed record ResizedCropSettings
{
    /// <summary>Smallest share of the image's area.</summary>
    public double MinimumScale { get; init; } = 0.08;

    /// <summary>Largest share of the image's area.</summary>
    public double MaximumScale { get; init; } = 1;

    /// <summary>Smallest width / height.</summary>
    public double MinimumRatio { get; init; } = 3.0 / 4;

    /// <summary>Largest width / height.</summary>
    public double MaximumRatio { get; init; } = 4.0 / 3;

    internal void Validate()
    {
        ConfigurationException.Require(
            MinimumScale > 0 && MinimumScale <= MaximumScale && MaximumScale <= 1,
            $"data.randomResizedCrop has a scale of {MinimumScale} to {MaximumScale}; use shares above 0 and up to 1, "
            + $"the smaller first");
        ConfigurationException.Require(
            MinimumRatio >= 0.01 && MinimumRatio <= MaximumRatio && MaximumRatio <= 100,
            $"data.randomResizedCrop has a ratio of {MinimumRatio} to {MaximumRatio}; use 0.01 to 100, the smaller "
            + $"first");
    }
}
