using RevUp.Planning;
using RevUp.Training;

namespace RevUp.Cli;

/// <summary>
/// How long the demonstration trains: as long as the machine can in about three minutes.
/// </summary>
internal static class DemoLength
{
    /// <summary>
    /// Time of the whole demonstration, with the comparison of the policies and the evaluations.
    /// </summary>
    public static readonly TimeSpan Budget = TimeSpan.FromMinutes(3);

    // Fewer teach nothing that would be worth the wait.
    private const long LeastSteps = 100;

    // Of the run, the share of its steps in which the learning rate rises at the most.
    private const int WarmupShare = 10;

    /// <summary>
    /// The recipe with as many steps as take the time that is left: at least 100, at most all of
    /// its epochs.
    /// </summary>
    /// <param name="recipe">Full length.</param>
    /// <param name="speed">Of the machine.</param>
    /// <param name="left">Time for steps and evaluations.</param>
    public static Recipe Fit(Recipe recipe, TrainingSpeed speed, TimeSpan left)
    {
        TrainingSettings training = recipe.Training;
        long full = FullSteps(recipe, speed);
        // For each number of evaluations, the steps that they leave time for. The last evaluation
        // is at the end, the others after every evaluateEveryEpochs epochs.
        long perEvaluation = speed.StepsPerEpoch * training.EvaluateEveryEpochs;
        long steps = 0;
        for (long evaluations = 1; (evaluations - 1) * perEvaluation < full; evaluations++)
        {
            double seconds = left.TotalSeconds - evaluations * speed.SecondsPerEvaluation;
            long possible = (long)Math.Clamp(seconds / speed.SecondsPerStep, 0, full);
            steps = Math.Max(steps, Math.Min(possible, evaluations * perEvaluation));
        }
        steps = Math.Min(Math.Max(steps, LeastSteps), full);
        if (steps == full)
        {
            return recipe;
        }
        int warmup = (int)Math.Min(training.Schedule.WarmupSteps, steps / WarmupShare);
        return recipe with
        {
            Training = training with { Steps = steps, Schedule = training.Schedule with { WarmupSteps = warmup } },
        };
    }

    /// <summary>Steps of all epochs.</summary>
    public static long FullSteps(Recipe recipe, TrainingSpeed speed) => speed.StepsPerEpoch * recipe.Training.Epochs;

    /// <summary>The choice, its reason, and the length of a full run.</summary>
    /// <param name="full">The recipe at full length.</param>
    /// <param name="fitted">The recipe that is trained.</param>
    /// <param name="speed">Of the machine.</param>
    /// <param name="reaches">
    /// Top-1 that a full run was measured to reach, in words; empty where it was not.
    /// </param>
    public static string Describe(Recipe full, Recipe fitted, TrainingSpeed speed, string reaches)
    {
        double images = full.Training.BatchSize * full.Training.Accumulate / speed.SecondsPerStep;
        long all = FullSteps(full, speed), steps = fitted.Training.Steps == 0 ? all : fitted.Training.Steps;
        string rate = FormattableString.Invariant($"This machine trains {images:F0} images/s: ");
        string length = steps == all
            ? FormattableString.Invariant($"all {all} steps, {full.Training.Epochs} epochs, take {Time(steps, speed)}.")
            : FormattableString.Invariant(
                $"{steps} of {all} steps, {(double)steps / speed.StepsPerEpoch:F1} of {full.Training.Epochs} epochs, ")
                + $"take {Time(steps, speed)}. A full run takes {Time(all, speed)}{reaches}: --set "
                + $"training.epochs={full.Training.Epochs}.";
        return rate + length;
    }

    private static string Time(long steps, TrainingSpeed speed)
    {
        long evaluations = (steps - 1) / speed.StepsPerEpoch + 1;
        return Format.Duration(
            TimeSpan.FromSeconds(steps * speed.SecondsPerStep + evaluations * speed.SecondsPerEvaluation));
    }
}
