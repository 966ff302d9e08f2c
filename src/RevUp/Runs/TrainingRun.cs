using System.Diagnostics;
using RevUp.Backends;
using RevUp.Data;
using RevUp.Distributed;
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
/// A recipe carried out in a folder: recipe.json, metrics.jsonl, TensorBoard's event files,
/// report.md, run.json, checkpoints/ and, if samples were damaged, damaged.txt. From its
/// construction to its disposal a run has the folder to itself. A run that was stopped, or killed,
/// continues from its newest complete checkpoint and ends with the same bits as one that was not
/// (same threads, same machine). A run without a folder writes nothing and leaves its network.
/// </summary>
/// <remarks>
/// Meter "RevUp": revup.training.steps, .branch_evaluations, .replays and .activation_bytes.
/// </remarks>
public sealed partial class TrainingRun : IDisposable
{
    /// <summary>
    /// The copy of the recipe, overrides included, that every run's folder holds from its start.
    /// </summary>
    public const string RecipeFileName = "recipe.json";

    private readonly Recipe _recipe;
    private readonly string? _folder;
    private readonly RunData _data;
    private readonly DamageLog _damage;
    private readonly RunJudge _judge;
    private readonly CheckpointFolder? _checkpoints;
    private readonly BatchLoader _loader;
    private readonly TrainingStep _step;
    private readonly long _stepsPerEpoch;
    private RunLock? _lock;
    private string _checkpoint = "";
    private bool _disposed;

    /// <summary>Opens data and folder and builds the network; nothing is trained yet.</summary>
    /// <param name="backend">The device. Its disposal closes the network and ends the run.</param>
    /// <param name="recipe">Settings of the run.</param>
    /// <param name="folder">
    /// Where results go; created when it does not exist. Null to write nothing: such a run has no
    /// checkpoints, and therefore neither a validation set nor a resume.
    /// </param>
    /// <param name="resume">
    /// Continue from the newest complete checkpoint in the folder, or start when there is none.
    /// </param>
    /// <exception cref="ConfigurationException">The recipe cannot work.</exception>
    /// <exception cref="DataFileException">Data is missing or damaged.</exception>
    /// <exception cref="ConfigurationException">
    /// Another run has the folder, in this process or in another.
    /// </exception>
    /// <exception cref="CheckpointException">
    /// The checkpoint does not fit the recipe, or the folder cannot be written.
    /// </exception>
    public TrainingRun(Backend backend, Recipe recipe, string? folder, bool resume)
        : this(backend, recipe, folder, resume, RunData.Open(recipe))
    {
    }

    /// <summary>
    /// The same on datasets of the caller's, which must outlive the run; the recipe's data.dataset
    /// is "custom" and states their shape.
    /// </summary>
    /// <inheritdoc cref="TrainingRun(Backend, Recipe, string, bool)"/>
    /// <param name="train">Training set; the recipe's augmentation applies.</param>
    /// <param name="test">
    /// Test set: evaluated after every epoch, or where there is a validation part, once at the end.
    /// Null for none.
    /// </param>
    /// <param name="validation">Set that chooses the checkpoint; null for none.</param>
    /// <param name="branches">
    /// Makes the branch of each block, where the recipe's model.branch is "custom".
    /// </param>
    /// <param name="ranks">Ranks that share the steps; null for one process.</param>
    /// <param name="loss">
    /// A loss in place of the one of the recipe's task; null for the task's. It is no part of the
    /// run's files: a resumed run is given it again.
    /// </param>
    public TrainingRun(
        Backend backend,
        Recipe recipe,
        string? folder,
        bool resume,
        ImageDataset train,
        ImageDataset? test,
        ImageDataset? validation = null,
        Func<BranchSite, Branch>? branches = null,
        Ranks? ranks = null,
        BatchLoss? loss = null)
        : this(
            backend, recipe, folder, resume, RunData.Borrow(recipe, train, test, validation), branches, ranks?.All,
            loss)
    {
    }

    private TrainingRun(
        Backend backend,
        Recipe recipe,
        string? folder,
        bool resume,
        RunData data,
        Func<BranchSite, Branch>? branches = null,
        Collective? ranks = null,
        BatchLoss? loss = null)
    {
        ArgumentNullException.ThrowIfNull(backend);
        ArgumentException.ThrowIfNullOrEmpty(folder ?? ".", nameof(folder));
        using Driving driving = backend.Drive();
        _ranks = ranks ?? Collective.Alone;
        PendingLock? pending = null;
        try
        {
            _data = data;
            recipe.Validate();
            data.RequireShapes();
            data.RequireTargets(recipe.Model.Task, recipe.Training);
            _folder = folder is null ? null : Path.GetFullPath(folder);
            ConfigurationException.Require(
                _folder is not null || (!resume && !data.HasValidation),
                $"the run has no folder for checkpoints, and {(resume ? "'resume' continues from one" : "a validation "
                + "set chooses among them")}; give a folder, or leave it out");
            if (recipe.Data.Path is { } path)
            {
                // The checkpoint is used from other working folders, too.
                recipe = recipe with { Data = recipe.Data with { Path = Path.GetFullPath(path) } };
            }
            if (recipe.Model.InitialFrom is { } from)
            {
                recipe = recipe with { Model = recipe.Model with { InitialFrom = Path.GetFullPath(from) } };
            }
            _ranks.Deadline = recipe.Training.RankDeadline;
            _checkpoints = _folder is null
                ? null
                : new CheckpointFolder(
                    Path.Combine(_folder, Checkpoint.FolderName), recipe.Training.KeepCheckpoints);
            CheckpointEntry? latest = null;
            string decided = _ranks.First(Decide, RankJson.Default.String, "the first rank to open the run");
            if (!_ranks.IsFirst)
            {
                recipe = RecipeFile.Parse(decided, _folder ?? "of the first rank", []);
            }
            _recipe = recipe;
            _damage = new DamageLog(_folder is null ? null : Path.Combine(_folder, DamageLog.FileName), Warn);
            _judge = new RunJudge(
                recipe, data, _folder, _damage, _checkpoints, _ranks, progress => Evaluating?.Invoke(progress))
            {
                Loss = loss,
            };
            RequireSameData();
            double[][] statistics = _ranks.First(
                () => (double[][])[[.. data.Normalization.Mean], [.. data.Normalization.Deviation]],
                RankJson.Default.DoubleArrayArray,
                "the normalisation");
            if (!_ranks.IsFirst)
            {
                data.Normalization = new ChannelNormalization(statistics[0], statistics[1]);
            }
            IReadOnlyList<float>? weights = data.ClassWeights(recipe.Training);
            BatchLoaderOptions batches = recipe.TrainingBatches with
            {
                ClassWeights = weights,
                Ranks = _ranks.Size,
                Rank = _ranks.Rank,
            };
            _loader = new BatchLoader(data.Train, data.Normalization, _judge.Batches(batches, data.Train));
            TrainingSettings training = recipe.Training;
            (int batch, int accumulate, int samples) = (training.BatchSize, training.Accumulate, data.Train.Count);
            _stepsPerEpoch = _loader.BatchesPerEpoch / accumulate;
            Steps = training.LimitSteps(_stepsPerEpoch * training.Epochs);
            ConfigurationException.Require(
                _stepsPerEpoch > 0,
                $"training.batchSize is {batch} and training.accumulate {accumulate}, but the training set has only "
                + $"{samples} samples; use a smaller batch");
            Network = new RevUpNet(
                backend, recipe.Model, recipe.Data.Sample, data.Train.Classes.Count, training.Seed, branches,
                training.Trained);
            _step = new TrainingStep(
                Network, data.OfStep(training), recipe.Reversible.Plan, recipe.Reversible.Inversion,
                _ranks, loss);
            ShareStart(_ranks.First(Begin, RunRankJson.Default.Start, "the first rank to read the checkpoint"));
            IsResumed = _step.Count > 0;

            string Decide()
            {
                _ = recipe.Training.PassesOf(_ranks.Size);
                pending = _folder is null ? null : new PendingLock(_folder);
                latest = resume ? _checkpoints?.LatestOfRun() : null;
                recipe = recipe with { Model = Checkpoint.Decide(recipe.Model, backend, latest?.Path) };
                if (recipe.Reversible.NeedsPlan)
                {
                    recipe = recipe with { Reversible = MakePlan(backend, recipe, latest, branches) };
                }
                return RecipeFile.Serialize(recipe);
            }

            Start Begin()
            {
                if (latest is not null)
                {
                    Checkpoint.Restore(latest.Path, recipe, Network, _step, data.Identity);
                    _checkpoint = latest.Path;
                }
                else if (recipe.Model.InitialFrom is { } from)
                {
                    Initial = InitialWeights.Take(Network, from, data.Train.Classes);
                    _step.Average?.Take();
                }
                else if (recipe.Model.Stem == StemKind.Whitened)
                {
                    WhitenedStem.Draw(Network, data.Train, data.Normalization, recipe.EvaluationBatches.Augmentation);
                    _step.Average?.Take();
                }
                _lock = pending?.Keep();
                return new Start(_step.Count, _step.Engine.Inverter.Plan.State);
            }
        }
        catch
        {
            _lock?.Dispose();
            _step?.Dispose();
            Network?.Dispose();
            _loader?.Dispose();
            data.Dispose();
            throw;
        }
        finally
        {
            pending?.Dispose();
        }
    }

    /// <summary>The network being trained.</summary>
    public RevUpNet Network { get; }

    /// <summary>The policies that the run follows.</summary>
    public MemoryPlan Plan => _recipe.Reversible.Plan;

    /// <summary>Expected cost of the run's plan; null when it was not made now.</summary>
    internal MemoryForecast? Forecast { get; private set; }

    /// <summary>Weights that the run started from; null where it drew or resumed them.</summary>
    internal InitialWeights? Initial { get; private set; }

    /// <summary>Updates of the whole run.</summary>
    public long Steps { get; }

    /// <summary>Updates done, those before a resume included.</summary>
    public long Step => _step.Count;

    /// <summary>
    /// Whether the run goes on from a checkpoint, whose weights replaced the initial ones.
    /// </summary>
    public bool IsResumed { get; }

    /// <summary>Raised after each batch of an evaluation, on the run's thread.</summary>
    internal event Action<EvaluationProgress>? Evaluating;

    /// <summary>
    /// Trains until the end or until <paramref name="stop"/>, which finishes the step and writes a
    /// checkpoint, or ends an evaluation. The summary of a stopped run says so.
    /// </summary>
    /// <param name="progress">
    /// Called after every step, on this thread; null for nobody.
    /// </param>
    /// <param name="stop">Ends the run early.</param>
    /// <exception cref="TrainingDivergedException">The loss is no longer a number.</exception>
    /// <exception cref="CheckpointException">
    /// A checkpoint cannot be written; earlier ones are intact.
    /// </exception>
    /// <exception cref="ObjectDisposedException">
    /// The run, its network or its backend was disposed.
    /// </exception>
    public RunSummary Run(Action<TrainingProgress>? progress = null, CancellationToken stop = default)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        RequireWindow();
        using Driving driving = Network.Drive();
        using StopAgreement agreement = new(_ranks, stop);
        using RunLog? log = _ranks.IsFirst ? OpenLog() : null;
        Logger.TrainingStarts(_step.Count, Steps);
        RunMeter meter = new();
        Network.Backend.Memory.ResetPeaks();
        bool complete = false;
        while (!complete && !agreement.Check() && EvaluateWhenDue(meter, log, progress, agreement))
        {
            complete = _step.Count >= Steps;
            if (!complete)
            {
                int epoch = (int)(_step.Count / _stepsPerEpoch);
                long end = Math.Min((epoch + 1) * _stepsPerEpoch, Steps);
                TrainEpoch(new RunEpoch(epoch, end, meter, log, progress, agreement));
            }
        }
        if (complete)
        {
            _step.Average?.Apply();
        }
        int lastEpoch = (int)((Math.Max(1, _step.Count) - 1) / _stepsPerEpoch);
        complete = complete && _judge.Conclude(Network, log, _step.Count, lastEpoch, agreement);
        DamageExchange.Share(_ranks, _loader.Damaged);
        log?.Flush();
        string[] blockNames = [.. Network.Blocks.Select(b => b.Name)];
        RunSummary summary = Summarize(meter, log, interrupted: !complete);
        Logger.TrainingEnds(_step.Count, Steps);
        string[] nodes = _ranks.Gather(Environment.MachineName, RankJson.Default.String, "the names of nodes");
        if (_ranks.IsFirst && _folder is not null)
        {
            RunReport.Write(_folder, _recipe, blockNames, summary, _data.Train.Classes);
            RunRecord.Write(
                _folder, Network, blockNames, summary, _recipe, _data.Train.Classes,
                _ranks.IsAlone ? null : new RankRecord(nodes, _ranks.Library));
        }
        return summary;
    }

    /// <summary>
    /// Stops the data threads, frees the network and lets others have the folder. Harmless when
    /// repeated.
    /// </summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, true))
        {
            return;
        }
        _loader.Dispose();
        _step.Dispose();
        Network.Dispose();
        _data.Dispose();
        _lock?.Dispose();
    }

    private RunLog OpenLog()
    {
        if (_folder is not null)
        {
            Directory.CreateDirectory(_folder);
            File.WriteAllText(Path.Combine(_folder, RecipeFileName), RecipeFile.Serialize(_recipe));
        }
        return new RunLog(_folder, _step.Count, Network.Blocks.Select(b => b.Name));
    }

    // Another plan gives other roundings. A resumed run therefore keeps its first plan, as long as
    // the recipe asks for the same budget and choices.
    private ReversibleSettings MakePlan(
        Backend backend, Recipe recipe, CheckpointEntry? latest, Func<BranchSite, Branch>? branches)
    {
        if (latest is not null && Checkpoint.FindPlan(latest.Path, recipe) is { } planned)
        {
            return planned;
        }
        Forecast = MemoryPlanner.Plan(backend, OfOneRank(recipe), branches);
        return recipe.Reversible.WithPlan(Forecast.Plan);
    }

    // The result of the evaluations is in the log, which the first rank has.
    private RunSummary Summarize(RunMeter meter, RunLog? log, bool interrupted)
    {
        EvaluationMetrics? chosen = log is null ? null : _judge.Choose(log);
        long replays = _ranks.Gather(_step.Engine.Replays, RankJson.Default.Int64, "the counts of refusals").Sum();
        return new RunSummary
        {
            Interrupted = interrupted,
            Step = _step.Count,
            Evaluation = log is null ? default : _judge.Result(log, _step.Count, chosen),
            ChosenStep = chosen?.Step,
            Validation = chosen?.Result,
            DamagedSamples = _ranks.IsFirst ? _damage.Count : 0,
            StepMilliseconds = meter.MedianMilliseconds,
            DataWaitShare = meter.DataWaitShare,
            Wait = meter.MeanWait,
            MeanEvaluations = meter.MeanEvaluations,
            MaxEvaluations = meter.MaxEvaluations,
            MaxInversionResidual = meter.MaxResidual,
            Replays = replays,
            Peak = Network.Backend.Memory.Peak,
            TotalPeakBytes = Network.Backend.Memory.TotalPeak,
            Forecast = Forecast?.Step,
            Folder = _folder ?? "",
            Checkpoint = _checkpoint,
        };
    }
}
