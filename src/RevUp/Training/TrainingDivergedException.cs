namespace RevUp.Training;

/// <summary>
/// The loss or the gradient is no longer a number. The message names the number of the batch that
/// is to blame, or the settings to change.
/// </summary>
public sealed class TrainingDivergedException(string message) : RevUpException(message)
{
    /// <param name="value">The number.</param>
    /// <param name="what">Its name.</param>
    /// <param name="step">Counted from 1.</param>
    /// <param name="settings">Of the training.</param>
    /// <param name="fault">The number of the batch that is not finite; null where all are.</param>
    /// <param name="hasOwnLoss">Whether the program computes the loss.</param>
    internal static TrainingDivergedException Of(
        double value, string what, long step, TrainingSettings settings, string? fault, bool hasOwnLoss)
    {
        string own = hasOwnLoss ? " Check the BatchLoss as well: its loss or gradient may not be finite." : "";
        string remedy = fault is null
            ? string.Create(
                CultureInfo.InvariantCulture,
                $"Resume from the last checkpoint with a lower learning rate (training.optimizer.learningRate is "
                + $"{settings.Optimizer.LearningRate}), a longer warm-up (training.schedule.warmupSteps), or a limit "
                + $"on the gradient (training.clipNorm is {settings.ClipNorm}).{own}")
            : $"The batch is to blame: {fault}. Correct that sample or leave it out.";
        return new TrainingDivergedException(string.Create(
            CultureInfo.InvariantCulture,
            $"The {what} became {value} in step {step}. The parameters of the step before are kept. {remedy}"));
    }
}
