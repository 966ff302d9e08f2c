using RevUp.Tensors;

namespace RevUp.Data.Dense;

/// <summary>
/// Changes to patches with label maps, each with a share of its own. The defaults are nnU-Net's for
/// volumes.
/// </summary>
/// <remarks>
/// Order: rotation and scale in one resampling, brightness, contrast, inverted gamma, gamma, noise,
/// mirror (data.flip). A range that includes 1 is drawn below and above 1 equally often. Source:
/// Isensee et al., Nature Methods 18 (2021), supplementary note 4, and nnUNetTrainer.py; blur and
/// low resolution are left out.
/// </remarks>
public sealed record PatchAugmentation
{
    /// <summary>Share of the patches that are rotated.</summary>
    public double RotationShare { get; init; } = 0.2;

    /// <summary>
    /// Largest angle about each axis in degrees, drawn uniformly in both directions; images rotate
    /// in their plane.
    /// </summary>
    public double RotationDegrees { get; init; } = 30;

    /// <summary>Share of the patches that are scaled.</summary>
    public double ScaleShare { get; init; } = 0.2;

    /// <summary>Smallest and largest factor by which a patch's content shrinks.</summary>
    public IReadOnlyList<double> Scale { get; init; } = [0.7, 1.4];

    /// <summary>Share of the patches with Gaussian noise.</summary>
    public double NoiseShare { get; init; } = 0.1;

    /// <summary>
    /// Largest deviation of the noise, drawn uniformly from 0, in deviations of the data.
    /// </summary>
    public double Noise { get; init; } = 0.1;

    /// <summary>Share of the patches whose values are multiplied.</summary>
    public double BrightnessShare { get; init; } = 0.15;

    /// <summary>Smallest and largest factor, drawn uniformly for each channel.</summary>
    public IReadOnlyList<double> Brightness { get; init; } = [0.75, 1.25];

    /// <summary>Share of the patches whose contrast changes.</summary>
    public double ContrastShare { get; init; } = 0.15;

    /// <summary>
    /// Smallest and largest factor of the distance from the channel's mean; the range of values is
    /// kept.
    /// </summary>
    public IReadOnlyList<double> Contrast { get; init; } = [0.75, 1.25];

    /// <summary>Share of the patches with gamma correction.</summary>
    public double GammaShare { get; init; } = 0.3;

    /// <summary>Share of the patches with gamma correction of the negated values.</summary>
    public double InvertedGammaShare { get; init; } = 0.1;

    /// <summary>
    /// Smallest and largest exponent of values scaled to 0 .. 1; mean and deviation are kept.
    /// </summary>
    public IReadOnlyList<double> Gamma { get; init; } = [0.7, 1.5];

    /// <summary>Throws when a value is outside its range.</summary>
    /// <exception cref="ConfigurationException">Names the value and the range.</exception>
    internal void Validate()
    {
        RequireShare("rotationShare", RotationShare);
        RequireShare("scaleShare", ScaleShare);
        RequireShare("noiseShare", NoiseShare);
        RequireShare("brightnessShare", BrightnessShare);
        RequireShare("contrastShare", ContrastShare);
        RequireShare("gammaShare", GammaShare);
        RequireShare("invertedGammaShare", InvertedGammaShare);
        ConfigurationException.Require(
            RotationDegrees is >= 0 and <= 180,
            $"data.patchAugmentation.rotationDegrees is {RotationDegrees}; use 0 to 180");
        ConfigurationException.Require(Noise is >= 0 and <= 10, $"data.patchAugmentation.noise is {Noise}; use 0 to 10");
        RequireRange("scale", Scale, 0.25, 4);
        RequireRange("brightness", Brightness, 0.01, 100);
        RequireRange("contrast", Contrast, 0.01, 100);
        RequireRange("gamma", Gamma, 0.01, 100);
    }

    private static void RequireShare(string name, double share) => ConfigurationException.Require(
        share is >= 0 and <= 1, $"data.patchAugmentation.{name} is {share}; use 0 to 1");

    private static void RequireRange(string name, IReadOnlyList<double> range, double least, double most) =>
        ConfigurationException.Require(
            range.Count == 2 && range[0] >= least && range[0] <= range[1] && range[1] <= most,
            $"data.patchAugmentation.{name} is [{string.Join(", ", range)}]; give the smallest and the largest, from "
            + $"{least} to {most}");
}
