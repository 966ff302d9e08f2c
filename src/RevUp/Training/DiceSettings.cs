using RevUp.Tensors;

namespace RevUp.Training;

/// <summary>
/// Soft Dice in the loss of a segmentation, weight · (1 − mean over classes of (2 I + s) / (P + G +
/// s)): P sums a class's softmax over the positions that count, G its labels, I the softmax where
/// the class is the label, and s is 1e-5, as in nnU-Net (arXiv 1809.10486). Classes with P + G = 0
/// are left out.
/// </summary>
public sealed record DiceSettings
{
    /// <summary>Term of numerator and denominator.</summary>
    internal const double Smoothing = 1e-5;

    /// <summary>Weight beside the cross-entropy's 1; 0 for cross-entropy alone.</summary>
    public double Weight { get; init; } = 1;

    /// <summary>Positions that one Dice is computed over.</summary>
    public DiceSums Sums { get; init; }

    /// <summary>Whether class 0, the background, is in the mean.</summary>
    public bool Background { get; init; }

    /// <summary>Throws when a value is outside its range.</summary>
    /// <exception cref="ConfigurationException">Names the value and the range.</exception>
    public void Validate() => ConfigurationException.Require(
        Weight is >= 0 and <= 1000,
        $"training.dice.weight is {Weight}; use a positive weight up to 1000, or 0 for cross-entropy alone");
}
