using System.Diagnostics;
using RevUp.Backends;
using RevUp.Data;
using RevUp.Formats;
using RevUp.Interop.Nvtx;
using RevUp.Models;
using RevUp.Planning;
using RevUp.Recipes;
using RevUp.Reversible;
using RevUp.Tensors;
using RevUp.Training;

namespace RevUp.Runs;

/// <summary>
/// A recipe carried out in a folder: recipe.json, metrics.jsonl, TensorBoard's event files, report.md, run.json, checkpoints/ and, if samples were damaged,
/// damaged.txt. A run that was stopped, or killed, continues from its newest complete checkpoint and ends with the same bits as one that was not (same threads,
/// same machine).
/// </summary>
public sealed class TrainingRun : IDisposable
{
    /// <summary>The copy of the recipe, overrides included, that every run's folder holds from its start.</summary>
    public const string RecipeFileName = "recipe.json";

    private readonly Recipe _recipe;
    private readonly string _folder;
    private readonly ImageDataset _test;
    private readonly bool _ownsData;
    private readonly ImageDataset _train;
    private readonly ChannelNormalization _normalization;
    private readonly DamageLog _damage;
    private readonly CheckpointFolder _checkpoints;
    private readonly BatchLoader _loader;
    private readonly TrainingStep _step;
    private readonly long _stepsPerEpoch;
    private string _checkpoint = "";
    private bool _disposed;

    /// <summary>Opens data and folder and builds the network; nothing is trained yet.</summary>
    /// <param name="backend">The device. Its disposal closes the network and ends the run.</param>
    /// <param name="recipe">What to do.</param>
    /// <param name="folder">Where results go; created when it does not exist.</param>
    /// <param name="resume">Continue from the newest complete checkpoint in the folder, or start when there is none.</param>
    /// <exception cref="ConfigurationException">The recipe cannot work.</exception>
    /// <exception cref="DataFileException">Data is missing or damaged.</exception>
    /// <exception cref="CheckpointException">The checkpoint does not fit the recipe.</exception>
    public TrainingRun(Backend backend, Recipe recipe, string folder, bool resume)
        : this(backend, recipe, folder, resume, Open(recipe, DatasetSplit.Train), Open(recipe, DatasetSplit.Test))
    {
        _ownsData = true;
    }

    /// <summary>The same on datasets of the caller's, which must outlive the run; the recipe's data.dataset is "custom" and states their shape.</summary>
    /// <inheritdoc cref="TrainingRun(Backend, Recipe, string, bool)"/>
    /// <param name="train">What to train on; the recipe's augmentation applies.</param>
    /// <param name="test">What to evaluate on.</param>
    /// <param name="branches">Makes the branch of each block, where the recipe's model.branch is "custom".</param>
    public TrainingRun(
        Backend backend,
        Recipe recipe,
        string folder,
        bool resume,
        ImageDataset train,
        ImageDataset test,
        Func<BranchSite, Branch>? branches = null)
    {
        ArgumentNullException.ThrowIfNull(backend);
        ArgumentNullException.ThrowIfNull(recipe);
        ArgumentException.ThrowIfNullOrEmpty(folder);
        ArgumentNullException.ThrowIfNull(train);
        ArgumentNullException.ThrowIfNull(test);
        using Driving driving = backend.Drive();
        recipe.Validate();
        RequireShape(recipe.Data, train, "training");
        RequireShape(recipe.Data, test, "test");
        _folder = Path.GetFullPath(folder);
        _checkpoints = new CheckpointFolder(Path.Combine(_folder, Checkpoint.FolderName), recipe.Training.KeepCheckpoints);
        CheckpointEntry? latest = resume ? Latest() : null;
        recipe = recipe with { Model = Checkpoint.Decide(recipe.Model, backend, latest?.Path) };
        if (recipe.Reversible.NeedsPlan)
        {
            recipe = recipe with { Reversible = MakePlan(backend, recipe, latest, branches) };
        }
        _recipe = recipe;
        (_train, _test) = (train, test);
        _normalization = Datasets.Normalization(recipe.Data, _train);
        TrainingSettings training = recipe.Training;
        _damage = new DamageLog(Path.Combine(_folder, DamageLog.FileName));
        _loader = new BatchLoader(_train, _normalization, WithDamageLog(recipe.TrainingBatches, _train));
        (int batch, int accumulate, int samples) = (training.BatchSize, training.Accumulate, _train.Count);
        _stepsPerEpoch = _loader.BatchesPerEpoch / accumulate;
        Steps = training.LimitSteps(_stepsPerEpoch * training.Epochs);
        ConfigurationException.Require(
            _stepsPerEpoch > 0,
            $"training.batchSize is {batch} and training.accumulate {accumulate}, but the training set has only {samples} samples; use a smaller batch");
        Network = new RevUpNet(backend, recipe.Model, recipe.Data.Sample, _train.Classes.Count, training.Seed, branches);
        try
        {
            _step = new TrainingStep(Network, training, recipe.Reversible.Plan, recipe.Reversible.Inversion);
            if (latest is not null)
            {
                Checkpoint.Restore(latest.Path, recipe, Network, _step);
                _checkpoint = latest.Path;
            }
        }
        catch
        {
            _step?.Dispose();
            Network.Dispose();
            _loader.Dispose();
            throw;
        }
    }

    /// <summary>The network being trained.</summary>
    public RevUpNet Network { get; }

    /// <summary>The policies that the run follows.</summary>
    public MemoryPlan Plan => _recipe.Reversible.Plan;

    /// <summary>What the run's plan is expected to take; null when it was not made now.</summary>
    internal MemoryForecast? Forecast { get; private set; }

    /// <summary>Updates of the whole run.</summary>
    public long Steps { get; }

    /// <summary>Raised after each batch of an evaluation, on the run's thread.</summary>
    internal event Action<EvaluationProgress>? Evaluating;

    /// <summary>Trains until the end or until <paramref name="stop"/>, which finishes the step and writes a checkpoint, or ends an evaluation.</summary>
    /// <param name="progress">Called after every step, on this thread.</param>
    /// <param name="stop">Ends the run early.</param>
    /// <exception cref="TrainingDivergedException">The loss is no longer a number.</exception>
    /// <exception cref="CheckpointException">A checkpoint cannot be written; earlier ones are intact.</exception>
    /// <exception cref="ObjectDisposedException">
    /// The run, its network or its backend was disposed.
    /// </exception>
    public RunSummary Run(Action<TrainingProgress>? progress, CancellationToken stop)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        using Driving driving = Network.Drive();
        Directory.CreateDirectory(_folder);
        File.WriteAllText(Path.Combine(_folder, RecipeFileName), RecipeFile.Serialize(_recipe));
        using RunLog log = new(_folder, _step.Count, Network.Blocks.Select(b => b.Name));
        RunMeter meter = new();
        Network.Backend.Memory.ResetPeaks();
        bool complete = false;
        while (!complete && !stop.IsCancellationRequested && EvaluateWhenDue(meter, log, progress, stop))
        {
            complete = _step.Count >= Steps;
            if (!complete)
            {
                int epoch = (int)(_step.Count / _stepsPerEpoch);
                RunEpoch(new Epoch(epoch, Math.Min((epoch + 1) * _stepsPerEpoch, Steps), meter, log, progress, stop));
            }
        }
        log.Flush();
        string[] blockNames = [.. Network.Blocks.Select(b => b.Name)];
        RunSummary summary = Summarize(meter, log.LastEvaluation.Result, interrupted: !complete);
        RunReport.Write(_folder, _recipe, blockNames);
        RunRecord.Write(_folder, Network, blockNames, summary);
        return summary;
    }

    /// <summary>Writes the network as it is now to one file for <see cref="Inference.Predictor.Load"/>; the run's checkpoints hold such files, too.</summary>
    /// <exception cref="IOException">The file cannot be written; one that was there before is unchanged.</exception>
    public void SaveModel(string path)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        Checkpoint.SaveModel(Network, path, _normalization, _train.Classes);
    }

    /// <summary>Stops the data threads and frees the network. Harmless when repeated.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, true))
        {
            return;
        }
        _loader.Dispose();
        _step.Dispose();
        Network.Dispose();
        if (_ownsData)
        {
            _train.Dispose();
            _test.Dispose();
        }
    }

    private static ImageDataset Open(Recipe recipe, DatasetSplit split)
    {
        ArgumentNullException.ThrowIfNull(recipe);
        return Datasets.Open(recipe.Data, split);
    }

    private BatchLoaderOptions WithDamageLog(BatchLoaderOptions batches, ImageDataset data) =>
        batches with { Damaged = new DamagedSamples(data, _recipe.Data.MaximumDamagedShare, _damage.Add) };

    private static void RequireShape(DataSettings settings, ImageDataset data, string role) => ConfigurationException.Require(
        data.Sample == settings.Sample && data.Classes.Count == settings.ClassCount,
        $"The {role} set has samples {data.Sample} in {data.Classes.Count} classes, and the recipe states {settings.Sample} in {settings.ClassCount}");

    private CheckpointEntry? Latest()
    {
        List<string> problems = [];
        return _checkpoints.Latest(problems) is { } latest ? latest : problems.Count == 0 ? null : throw new CheckpointException(
            _folder, $"no checkpoint here is complete ({string.Join("; ", problems)}). Train into another folder, or delete these to start again.");
    }

    // Another plan gives other roundings: a run that goes on keeps the one that it was begun with, while that is what the recipe asks for.
    private ReversibleSettings MakePlan(
        Backend backend, Recipe recipe, CheckpointEntry? latest, Func<BranchSite, Branch>? branches)
    {
        if (latest is not null && Checkpoint.FindPlan(latest.Path, recipe) is { } runs)
        {
            return recipe.Reversible with { Runs = runs };
        }
        Forecast = MemoryPlanner.Plan(backend, recipe, branches);
        return recipe.Reversible.WithPlan(Forecast.Plan);
    }

    // At the end of an epoch, unless it was evaluated before: a run may have been stopped between the epoch's checkpoint and its evaluation. False when it is
    // stopped there now; the resumed run begins with the evaluation.
    private bool EvaluateWhenDue(RunMeter meter, RunLog log, Action<TrainingProgress>? progress, CancellationToken stop)
    {
        bool due = _step.Count > 0 && (_step.Count % StepsPerEvaluation == 0 || _step.Count == Steps);
        if (!due || log.LastEvaluation.Step == _step.Count)
        {
            return true;
        }
        int epoch = (int)((_step.Count - 1) / _stepsPerEpoch);
        long start = Stopwatch.GetTimestamp();
        EvaluationResult evaluation;
        try
        {
            BatchLoaderOptions batches = WithDamageLog(_recipe.EvaluationBatches, _test);
            evaluation = Evaluator.Evaluate(Network, _test, _normalization, batches, Report, stop);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return false;
        }
        meter.Pace.AddEvaluation(Stopwatch.GetElapsedTime(start).TotalSeconds);
        log.Evaluation(_step.Count, epoch, evaluation);
        progress?.Invoke(Progress(epoch, meter, evaluation));
        meter.Skip();
        return true;

        void Report(int samples)
        {
            double done = (double)samples / _test.Count;
            TimeSpan rest = Stopwatch.GetElapsedTime(start) * ((1 - done) / done);
            Evaluating?.Invoke(new EvaluationProgress(done, rest + Remaining(meter, EvaluationsLeft - 1)));
        }
    }

    private long StepsPerEvaluation => _stepsPerEpoch * _recipe.Training.EvaluateEveryEpochs;

    private void RunEpoch(Epoch epoch)
    {
        IEnumerable<Batch> batches = _loader.Epoch(epoch.Number, (int)(_step.Count % _stepsPerEpoch) * _recipe.Training.Accumulate);
        if (_recipe.Training.Accumulate > 1)
        {
            RunAccumulating(batches, epoch);
        }
        else
        {
            RunPipelined(batches, epoch);
        }
    }

    // On an asynchronous device a batch is on its way while the step before computes. That step is finished, logged and saved before the next one starts.
    private void RunPipelined(IEnumerable<Batch> batches, Epoch epoch)
    {
        long start = 0;
        foreach (Batch batch in batches)
        {
            long staging = Stopwatch.GetTimestamp();
            _step.Stage(batch.Pixels, batch.Targets);
            if (_step.IsInFlight)
            {
                if (Complete(_step.Finish(), Stopwatch.GetElapsedTime(start).TotalMilliseconds, epoch))
                {
                    return;
                }
                staging = Stopwatch.GetTimestamp();
            }
            start = staging;
            _step.Start(LearningRateFactor());
            bool overlaps = Network.Backend.IsAsynchronous && _step.Count + 1 < epoch.End && !epoch.Stop.IsCancellationRequested;
            if (!overlaps && Complete(_step.Finish(), Stopwatch.GetElapsedTime(start).TotalMilliseconds, epoch))
            {
                return;
            }
        }
    }

    private void RunAccumulating(IEnumerable<Batch> batches, Epoch epoch)
    {
        int pending = 0;
        double milliseconds = 0;
        foreach (Batch batch in batches)
        {
            long start = Stopwatch.GetTimestamp();
            StepResult? updated = Accumulate(batch, update: ++pending == _recipe.Training.Accumulate);
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

    private StepResult? Accumulate(Batch batch, bool update)
    {
        using NvtxRange range = Network.Backend.Range(ProfilerRanges.Step);
        _step.Accumulate(batch.Pixels, batch.Targets);
        return update ? _step.Update(LearningRateFactor()) : null;
    }

    private double LearningRateFactor() => _recipe.Training.Schedule.At(_step.Count, Steps, _stepsPerEpoch);

    // Logs a step and saves where it is time to; true when the epoch is over or the run is to stop.
    private bool Complete(StepResult result, double milliseconds, Epoch epoch)
    {
        epoch.Meter.Add(result, milliseconds, _step.Engine.Records);
        TrainingProgress progress = Progress(epoch.Number, epoch.Meter, null);
        MemoryUse peak = Network.Backend.Memory.Peak;
        ReadOnlySpan<float> coefficients = Network.Coefficients is { } own ? own.Values : default;
        epoch.Log.Step(_step.Count, epoch.Number, result, milliseconds, progress.ImagesPerSecond, _step.Engine.Records, coefficients, peak);
        epoch.Progress?.Invoke(progress);
        bool last = _step.Count == epoch.End || epoch.Stop.IsCancellationRequested;
        int every = _recipe.Training.CheckpointEverySteps;
        if (last || (every > 0 && _step.Count % every == 0))
        {
            Save(epoch.Log, epoch.Meter);
        }
        return last;
    }

    private void Save(RunLog log, RunMeter meter)
    {
        log.Flush();
        _checkpoint = _checkpoints.Save(_step.Count, folder => Checkpoint.Write(folder, _recipe, Network, _step, _normalization, _train.Classes)).Path;
        meter.Skip();
    }

    private TrainingProgress Progress(int epoch, RunMeter meter, EvaluationResult? evaluation)
    {
        TrainingSettings training = _recipe.Training;
        double seconds = meter.Pace.SecondsPerStep;
        double images = seconds == 0 ? 0 : training.BatchSize * training.Accumulate / seconds;
        TimeSpan remaining = Remaining(meter, evaluation is null ? EvaluationsLeft : EvaluationsLeft - 1);
        int epochs = (int)((Steps - 1) / _stepsPerEpoch) + 1;
        return new TrainingProgress(
            epoch + 1, epochs, _step.Count, Steps, meter.Loss, meter.Top1, images, meter.LastEvaluations, remaining, evaluation);
    }

    // With the one that is due after the last step done. The last of all is at the end, wherever that is.
    private long EvaluationsLeft => (Steps - 1) / StepsPerEvaluation + 1 - (_step.Count - 1) / StepsPerEvaluation;

    private TimeSpan Remaining(RunMeter meter, long evaluations)
    {
        double batches = (double)_test.Count / (_recipe.Training.BatchSize * _recipe.Training.Accumulate);
        return TimeSpan.FromSeconds(meter.Pace.SecondsPerStep * (Steps - _step.Count) + evaluations * meter.Pace.Evaluation(batches));
    }

    private RunSummary Summarize(RunMeter meter, EvaluationResult evaluation, bool interrupted) => new()
    {
        Interrupted = interrupted,
        Step = _step.Count,
        Evaluation = evaluation,
        StepMilliseconds = meter.MedianMilliseconds,
        MeanEvaluations = meter.MeanEvaluations,
        MaxEvaluations = meter.MaxEvaluations,
        MaxInversionResidual = meter.MaxResidual,
        Replays = _step.Engine.Replays,
        Peak = Network.Backend.Memory.Peak,
        TotalPeakBytes = Network.Backend.Memory.TotalPeak,
        Forecast = Forecast?.Step,
        Folder = _folder,
        Checkpoint = _checkpoint,
    };

    /// <summary>What the steps of one epoch share.</summary>
    /// <param name="Number">Counted from 0.</param>
    /// <param name="End">Steps of the run when it is over.</param>
    /// <param name="Meter">Running figures.</param>
    /// <param name="Log">Where steps are logged.</param>
    /// <param name="Progress">Called after every step.</param>
    /// <param name="Stop">Ends the run after the step in flight.</param>
    private sealed record Epoch(int Number, long End, RunMeter Meter, RunLog Log, Action<TrainingProgress>? Progress, CancellationToken Stop);
}
