using System.Diagnostics;
using RevUp.Backends;
using RevUp.Data;
using RevUp.Distributed;
using RevUp.Interop.Nvtx;
using RevUp.Tensors;
using RevUp.Training;

namespace RevUp.Runs;

// The steps of one epoch: pipelined or accumulating, each logged, told and saved where it is time
// to; and the evaluation at its end.
public sealed partial class TrainingRun
{
    /// <summary>Steps that a profiler is to look at; null for none.</summary>
    internal StepWindow? Window { get; init; }

    // The first rank's graph is every rank's.
    private void RequireWindow()
    {
        Window?.Require("--profile-steps", _step.Count, Steps);
        if (Window is not null && _ranks.IsFirst)
        {
            Directory.CreateDirectory(_folder!);
            Network.Backend.GraphNames = Path.Combine(_folder!, StepWindow.GraphNames);
        }
    }

    private void TrainEpoch(RunEpoch epoch)
    {
        (long start, TimeSpan waited) = (Stopwatch.GetTimestamp(), _loader.Waited);
        int done = (int)(_step.Count % _stepsPerEpoch) * _recipe.Training.Accumulate;
        IEnumerable<Batch> batches = _loader.Epoch(epoch.Number, done);
        _step.Restart();
        if (_step.IsPipelined)
        {
            RunPipelined(batches, epoch);
        }
        else
        {
            RunAccumulating(batches, epoch);
        }
        epoch.Meter.AddEpoch(Stopwatch.GetElapsedTime(start), _loader.Waited - waited);
    }

    // On an asynchronous device a batch is on its way while the step before computes. That step is
    // finished, logged and saved before the next one starts.
    private void RunPipelined(IEnumerable<Batch> batches, RunEpoch epoch)
    {
        long start = 0;
        foreach (Batch batch in batches)
        {
            long staging = Stopwatch.GetTimestamp();
            _step.Stage(batch);
            if (_step.IsInFlight)
            {
                if (Complete(_step.Finish(), Stopwatch.GetElapsedTime(start).TotalMilliseconds, epoch))
                {
                    return;
                }
                staging = Stopwatch.GetTimestamp();
            }
            start = staging;
            _step.AsksToStop = epoch.Stop.IsAsked;
            Window?.Begin(Network.Backend, _step.Count + 1);
            _step.Start(LearningRateFactor());
            bool overlaps = Network.Backend.IsAsynchronous && _step.Count + 1 < epoch.End
                && !epoch.Stop.Token.IsCancellationRequested;
            if (!overlaps && Complete(_step.Finish(), Stopwatch.GetElapsedTime(start).TotalMilliseconds, epoch))
            {
                return;
            }
        }
    }

    private void RunAccumulating(IEnumerable<Batch> batches, RunEpoch epoch)
    {
        int pending = 0;
        double milliseconds = 0;
        foreach (Batch batch in batches)
        {
            long start = Stopwatch.GetTimestamp();
            if (pending == 0)
            {
                Window?.Begin(Network.Backend, _step.Count + 1);
            }
            bool update = ++pending == _recipe.Training.PassesOf(_ranks.Size);
            StepResult? updated = Accumulate(batch, update, epoch.Stop);
            milliseconds += Stopwatch.GetElapsedTime(start).TotalMilliseconds;
            if (updated is StepResult result)
            {
                if (Complete(result, milliseconds, epoch))
                {
                    return;
                }
                (pending, milliseconds) = (0, 0);
            }
        }
    }

    private StepResult? Accumulate(Batch batch, bool update, StopAgreement stop)
    {
        using NvtxRange range = Network.Backend.Range(ProfilerRanges.Step);
        _step.Accumulate(batch);
        _step.AsksToStop = stop.IsAsked;
        return update ? _step.Update(LearningRateFactor()) : null;
    }

    private double LearningRateFactor() => _recipe.Training.Schedule.At(_step.Count, Steps, _stepsPerEpoch);

    // Logs a step and saves where it is time to; true when the epoch is over or the run is to stop.
    private bool Complete(StepResult result, double milliseconds, RunEpoch epoch)
    {
        Window?.End(Network.Backend, _step.Count);
        epoch.Meter.Add(result, milliseconds, _step.Engine.Records, _step.Wait);
        TrainingProgress progress = Progress(epoch.Number, epoch.Meter, null);
        MemoryUse peak = Network.Backend.Memory.Peak;
        Measure(epoch.Meter.LastEvaluations, peak);
        ReadOnlySpan<float> coefficients = Network.Coefficients is { } own ? own.Values : default;
        using (Network.Backend.Range(ProfilerRanges.Log))
        {
            epoch.Log?.Step(
                _step.Count, epoch.Number, result, milliseconds, progress.ImagesPerSecond, _step.Engine.Records,
                coefficients, peak, _step.Wait);
            epoch.Progress?.Invoke(progress);
        }
        bool last = _step.Count == epoch.End || epoch.Stop.Follow(_step.IsStopAsked);
        int every = _recipe.Training.CheckpointEverySteps;
        if (last || (every > 0 && _step.Count % every == 0))
        {
            Save(epoch.Log, epoch.Meter);
        }
        return last;
    }

    private void Save(RunLog? log, RunMeter meter)
    {
        using NvtxRange range = Network.Backend.Range(ProfilerRanges.Checkpoint);
        AverageStatistics();
        RequireSameWeights();
        DamageExchange.Share(_ranks, _loader.Damaged);
        log?.Flush();
        if (_ranks.IsFirst && _checkpoints is not null)
        {
            _checkpoint = _checkpoints.Save(_step.Count, Write).Path;
        }
        meter.Skip();

        void Write(string folder) => Checkpoint.Write(
            folder, _recipe, Network, _step, _data.Normalization, _data.Train.Classes, _data.Identity, _data.CaseRules,
            _data.Input);
    }

    // At the end of an epoch, unless it was evaluated before: a run may have been stopped between
    // the epoch's checkpoint and its evaluation. False when it is stopped there now; the resumed
    // run begins with the evaluation.
    private bool EvaluateWhenDue(RunMeter meter, RunLog? log, Action<TrainingProgress>? progress, StopAgreement stop)
    {
        bool due = _data.HasHeld && _step.Count > 0 && (_step.Count % StepsPerEvaluation == 0 || _step.Count == Steps);
        if (!due || _ranks.First(
            () => _judge.IsEvaluated(log!, _step.Count), RankJson.Default.Boolean, "the log"))
        {
            return true;
        }
        using NvtxRange range = Network.Backend.Range(ProfilerRanges.Evaluation);
        AverageStatistics();
        int epoch = (int)((_step.Count - 1) / _stepsPerEpoch);
        long start = Stopwatch.GetTimestamp();
        EvaluationResult evaluation;
        try
        {
            using IDisposable? average = _step.Average?.Use();
            evaluation = _judge.EvaluateHeld(Network, _step.Count, Remaining(meter, EvaluationsLeft - 1), stop);
        }
        catch (OperationCanceledException) when (stop.Token.IsCancellationRequested)
        {
            return false;
        }
        meter.Pace.AddEvaluation(Stopwatch.GetElapsedTime(start).TotalSeconds);
        if (log is not null)
        {
            log.Evaluation(_step.Count, epoch, evaluation);
            TaskMeasure measure = TaskMeasure.Of(_recipe.Model.Task)[0];
            Logger.Evaluated(_step.Count, evaluation.Loss, measure.Name, measure.OfResult(evaluation));
            _judge.Choose(log);
        }
        progress?.Invoke(Progress(epoch, meter, evaluation));
        meter.Skip();
        return true;
    }

    private long StepsPerEvaluation => _stepsPerEpoch * _recipe.Training.EvaluateEveryEpochs;

    private TrainingProgress Progress(int epoch, RunMeter meter, EvaluationResult? evaluation)
    {
        TrainingSettings training = _recipe.Training;
        double seconds = meter.Pace.SecondsPerStep;
        double images = seconds == 0 ? 0 : training.BatchSize * training.Accumulate / seconds;
        TimeSpan remaining = Remaining(meter, evaluation is null ? EvaluationsLeft : EvaluationsLeft - 1);
        int epochs = (int)((Steps - 1) / _stepsPerEpoch) + 1;
        return new TrainingProgress(
            epoch + 1, epochs, _step.Count, Steps, meter.Loss, meter.Top1, images, meter.LastEvaluations,
            remaining, evaluation)
        {
            MeanAbsoluteError = meter.MeanAbsoluteError,
        };
    }

    // With the one that is due after the last step done. The last of all is at the end, wherever
    // that is.
    private long EvaluationsLeft => _data.HasHeld
        ? (Steps - 1) / StepsPerEvaluation + 1 - (_step.Count - 1) / StepsPerEvaluation
        : 0;

    private TimeSpan Remaining(RunMeter meter, long evaluations)
    {
        double batches = (double)_judge.HeldSamples / (_recipe.Training.BatchSize * _recipe.Training.Accumulate);
        double training = meter.Pace.SecondsPerStep * (Steps - _step.Count);
        return TimeSpan.FromSeconds(training + evaluations * meter.Pace.Evaluation(batches));
    }
}
