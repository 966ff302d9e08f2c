using System.Globalization;

namespace RevUp.Training;

/// <summary>Result of one optimiser update.</summary>
/// <param name="Loss">Mean cross-entropy over the step's samples.</param>
/// <param name="Top1">Fraction of them classified right.</param>
/// <param name="GradientNorm">Norm of the gradient of all parameters before clipping.</param>
/// <param name="LearningRate">Learning rate of the weights.</param>
public readonly record struct StepResult(double Loss, double Top1, double GradientNorm, double LearningRate);
