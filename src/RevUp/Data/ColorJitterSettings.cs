using RevUp.Tensors;

namespace RevUp.Data;

/// <summary>
/// Random changes of colour: brightness, contrast and saturation are multiplied by factors uniform
/// in [max(0, 1 − v), 1 + v], the hue is turned by a fraction of the circle uniform in [−v, v]; in
/// an order drawn for each image.
/// </summary>
public sealed record ColorJitterSettings
{
    /// <summary>v of the brightness: a blend with black.</summary>
    public double Brightness { get; init; }

    /// <summary>v of the contrast: a blend with the mean grey of the image.</summary>
    public double Contrast { get; init; }

    /// <summary>v of the saturation: a blend with the grey image.</summary>
    public double Saturation { get; init; }

    /// <summary>v of the hue, at most one half.</summary>
    public double Hue { get; init; }

    internal void Validate()
    {
        ConfigurationException.Require(
            Brightness is >= 0 and <= 10 && Contrast is >= 0 and <= 10 && Saturation is >= 0 and <= 10,
            $"data.colorJitter has brightness {Brightness}, contrast {Contrast} and saturation {Saturation}; use 0 to "
            + $"10");
        ConfigurationException.Require(Hue is >= 0 and <= 0.5, $"data.colorJitter.hue is {Hue}; use 0 to 0.5");
    }
}
