namespace RevUp.Training;

/// <summary>Result of one optimiser update.</summary>
/// <param name="Loss">
/// Mean loss over the step's samples: cross-entropy, or of another task its own. Of a segmentation,
/// cross-entropy plus Dice of a batch, as the mean over the step's passes.
/// </param>
/// <param name="Top1">
/// Fraction of the samples classified right; of several labels, with every label right; NaN of a
/// regression. Of a segmentation, the share of the counted positions
/// that are right, 0 where none counts, as the mean over the passes.
/// </param>
/// <param name="GradientNorm">Norm of the gradient of all parameters before clipping.</param>
/// <param name="LearningRate">Learning rate of the weights.</param>
public readonly record struct StepResult(double Loss, double Top1, double GradientNorm, double LearningRate)
{
    /// <summary>
    /// Mean of |output − target| over samples and outputs of a regression; NaN of other tasks.
    /// </summary>
    public double MeanAbsoluteError { get; init; } = double.NaN;
}
