using RevUp.Tensors;

namespace RevUp.Training;

/// <summary>The learning rate over time, as a factor of the optimiser's.</summary>
public sealed record ScheduleSettings
{
    /// <summary>How it changes after warm-up.</summary>
    public ScheduleKind Kind { get; init; } = ScheduleKind.Cosine;

    /// <summary>Steps of linear warm-up from near zero.</summary>
    public int WarmupSteps { get; init; }

    /// <summary>
    /// Epochs after which <see cref="ScheduleKind.Step"/> multiplies by <see cref="Factor"/>.
    /// </summary>
    public IReadOnlyList<int> Milestones { get; init; } = [];

    /// <summary>Factor of <see cref="ScheduleKind.Step"/>.</summary>
    public double Factor { get; init; } = 0.1;

    /// <summary>
    /// The factor of step <paramref name="step"/> (from 0) of <paramref name="steps"/>.
    /// </summary>
    public double At(long step, long steps, long stepsPerEpoch)
    {
        if (step < WarmupSteps)
        {
            return (step + 1.0) / (WarmupSteps + 1);
        }
        return Kind switch
        {
            ScheduleKind.Step => Math.Pow(Factor, Milestones.Count(m => step >= m * stepsPerEpoch)),
            ScheduleKind.Cosine =>
                0.5 * (1 + Math.Cos(Math.PI * (step - WarmupSteps) / Math.Max(1, steps - WarmupSteps))),
            _ => 1,
        };
    }

    /// <summary>Throws when a value is outside its range.</summary>
    /// <exception cref="ConfigurationException">Names the value and the range.</exception>
    public void Validate()
    {
        ConfigurationException.Require(
            WarmupSteps >= 0, $"training.schedule.warmupSteps is {WarmupSteps}; it must not be negative");
        ConfigurationException.Require(
            Factor is > 0 and <= 1, $"training.schedule.factor is {Factor}; use a number above 0, at most 1");
        ConfigurationException.Require(
            Milestones.All(m => m > 0) && Milestones.Zip(Milestones.Skip(1)).All(m => m.First < m.Second),
            $"training.schedule.milestones is [{string.Join(", ", Milestones)}]; use increasing, positive epochs");
        ConfigurationException.Require(
            Kind != ScheduleKind.Step || Milestones.Count > 0,
            $"training.schedule.kind is 'step' but there are no milestones; list the epochs, or use 'cosine'");
    }
}
