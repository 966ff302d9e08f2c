using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using RevUp.Diagnostics;
using RevUp.Reversible;
using RevUp.Tensors;

namespace RevUp.Runs;

// A run inside an application: off the calling thread, with its log and its measurements.
public sealed partial class TrainingRun
{
    /// <summary>
    /// Where warnings go that a program would otherwise find in the run's files alone: damaged
    /// samples, and steps whose inversion was refused. Start, evaluations and end are information.
    /// </summary>
    public ILogger Logger { get; set; } = NullLogger.Instance;

    /// <summary>
    /// <see cref="Run"/> on a thread of its own, so that none of the pool waits for hours.
    /// </summary>
    /// <param name="progress">
    /// Told after every step; <see cref="Progress{T}"/> tells it where it was made.
    /// </param>
    /// <param name="stop">
    /// Ends the run early, with a checkpoint: the task then has a summary that says so, and is not
    /// cancelled.
    /// </param>
    /// <inheritdoc cref="Run"/>
    public Task<RunSummary> RunAsync(
        IProgress<TrainingProgress>? progress = null, CancellationToken stop = default) =>
        Task.Factory.StartNew(
            () => Run(progress is null ? null : progress.Report, stop),
            CancellationToken.None,
            TaskCreationOptions.LongRunning | TaskCreationOptions.DenyChildAttach,
            TaskScheduler.Default);

    /// <summary>
    /// Writes the network as it is now to one file for an <see cref="Inference.Predictor"/>; the
    /// run's checkpoints hold such files, too.
    /// </summary>
    /// <exception cref="IOException">
    /// The file cannot be written; one that was there before is unchanged.
    /// </exception>
    public void SaveModel(string path)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        using Driving driving = Network.Drive();
        using IDisposable? average = _step.Average?.Use();
        Checkpoint.SaveModel(
            Network, path, _data.Normalization, _data.Train.Classes, _data.CaseRules, _data.Input);
    }

    private void Warn(string damaged) => Logger.SampleDamaged(damaged);

    private void Measure(double evaluations, in MemoryUse peak)
    {
        int replays = 0;
        foreach (InversionRecord record in _step.Engine.Records)
        {
            replays += record.Replayed ? 1 : 0;
        }
        Telemetry.Steps.Add(1);
        Telemetry.Evaluations.Record(evaluations);
        Telemetry.Activations.Record(peak[MemoryPurpose.Activations]);
        if (replays > 0)
        {
            Telemetry.Replays.Add(replays);
            Logger.InversionRefused(_step.Count, replays);
        }
    }
}
