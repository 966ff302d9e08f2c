using Microsoft.Extensions.Logging;

namespace RevUp.Runs;

/// <summary>Messages of a run.</summary>
internal static partial class RunMessages
{
    [LoggerMessage(1, LogLevel.Information, "Training starts at step {Step} of {Steps}")]
    public static partial void TrainingStarts(this ILogger logger, long step, long steps);

    [LoggerMessage(2, LogLevel.Information, "Evaluated after step {Step}: loss {Loss:F4}, {Measure} {Value:F4}")]
    public static partial void Evaluated(this ILogger logger, long step, double loss, string measure, double value);

    [LoggerMessage(3, LogLevel.Information, "Training ends at step {Step} of {Steps}")]
    public static partial void TrainingEnds(this ILogger logger, long step, long steps);

    [LoggerMessage(4, LogLevel.Warning, "A sample is damaged and left out: {Reason}")]
    public static partial void SampleDamaged(this ILogger logger, string reason);

    [LoggerMessage(5, LogLevel.Warning, "Step {Step} refused inversions of {Blocks} blocks and computed them again")]
    public static partial void InversionRefused(this ILogger logger, long step, int blocks);
}
