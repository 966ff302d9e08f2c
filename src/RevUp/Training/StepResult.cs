namespace RevUp.Training;

/// <summary>Result of one optimiser update.</summary>
/// <param name="Loss">
/// Mean cross-entropy over the step's samples. Of a segmentation, cross-entropy plus Dice of a
/// batch, as the mean over the step's passes.
/// </param>
/// <param name="Top1">
/// Fraction of the samples classified right. Of a segmentation, the share of the counted positions
/// that are right, 0 where none counts, as the mean over the passes.
/// </param>
/// <param name="GradientNorm">Norm of the gradient of all parameters before clipping.</param>
/// <param name="LearningRate">Learning rate of the weights.</param>
public readonly record struct StepResult(double Loss, double Top1, double GradientNorm, double LearningRate);
