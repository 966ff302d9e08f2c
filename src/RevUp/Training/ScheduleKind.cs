namespace RevUp.Training;

/// <summary>How the learning rate changes after warm-up.</summary>
public enum ScheduleKind
{
    /// <summary>Not at all.</summary>
    Constant,

    /// <summary>Multiplied by a factor at milestones.</summary>
    Step,

    /// <summary>Half a cosine that would reach zero in the step after the last.</summary>
    Cosine,
}
