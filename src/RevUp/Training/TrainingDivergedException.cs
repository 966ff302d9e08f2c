using System.Globalization;

namespace RevUp.Training;

/// <summary>
/// The loss or the gradient is no longer a number; the message says what to change.
/// </summary>
public sealed class TrainingDivergedException(string message) : RevUpException(message)
{
    internal static void ThrowUnlessFinite(double value, string what, long step, TrainingSettings settings)
    {
        if (!double.IsFinite(value))
        {
            throw new TrainingDivergedException(string.Create(
                CultureInfo.InvariantCulture,
                $"The {what} became {value} in step {step}. The parameters of the step before are kept. Resume from "
                + $"the last checkpoint with a lower "
                + $"learning rate (training.optimizer.learningRate is {settings.Optimizer.LearningRate}), a longer "
                + $"warm-up (training.schedule.warmupSteps), "
                + $"or a limit on the gradient (training.clipNorm is {settings.ClipNorm})."));
        }
    }
}
