using System.Diagnostics;
using RevUp.Data;
using RevUp.Data.Dense;
using RevUp.Distributed;
using RevUp.Models;
using RevUp.Recipes;
using RevUp.Training;

namespace RevUp.Runs;

/// <summary>
/// The evaluations of a run: the validation part chooses a checkpoint, and the test part is read
/// once, at the end, with the chosen one. Without a validation part epochs are evaluated on the
/// test part, and nothing is chosen.
/// </summary>
/// <param name="recipe">How evaluations are made, and what chooses.</param>
/// <param name="data">The parts.</param>
/// <param name="folder">
/// Of the run; evaluations of label maps write segmentation.json. Null where a run has none.
/// </param>
/// <param name="damage">The run's list of damaged samples.</param>
/// <param name="checkpoints">Checkpoints to choose among; null where there are none.</param>
/// <param name="ranks">
/// Ranks that share the evaluations. The first one has the log, and the others call with null.
/// </param>
/// <param name="report">Told after each batch of an evaluation.</param>
internal sealed class RunJudge(
    Recipe recipe, RunData data, string? folder, DamageLog damage, CheckpointFolder? checkpoints,
    Collective ranks, Action<EvaluationProgress> report)
{
    /// <summary>The program's own loss; null for the task's.</summary>
    public BatchLoss? Loss { get; init; }

    /// <summary>Samples that are evaluated after an epoch, or whole cases.</summary>
    public int HeldSamples => data.HasHeld ? SamplesOf(data.Held) : 0;

    /// <summary>Whether a step's network was evaluated after its epoch.</summary>
    public bool IsEvaluated(RunLog log, long step) => Of(log, data.Held).LastOrDefault()?.Step == step;

    /// <summary>Batches of a part; what is damaged in it goes to the run's list.</summary>
    public BatchLoaderOptions Batches(BatchLoaderOptions batches, ImageDataset part)
    {
        Action<DamagedSample>? found = ranks.IsFirst ? damage.Add : null;
        return batches with { Damaged = new DamagedSamples(part, recipe.Data.MaximumDamagedShare, found) };
    }

    /// <summary>Evaluates the network on the part of the ends of epochs.</summary>
    /// <param name="net">The network.</param>
    /// <param name="step">Steps of the run so far.</param>
    /// <param name="after">Estimated time of the run behind this evaluation.</param>
    /// <param name="stop">Ends it early.</param>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public EvaluationResult EvaluateHeld(RevUpNet net, long step, TimeSpan after, StopAgreement stop) =>
        Evaluate(net, data.Held, step, after, stop);

    /// <summary>
    /// Chooses among the checkpoints that are left; null where there is no validation part.
    /// </summary>
    public EvaluationMetrics? Choose(RunLog log)
    {
        if (!data.HasValidation || checkpoints is null)
        {
            return null;
        }
        IEnumerable<EvaluationMetrics> candidates = Of(log, DatasetSplit.Validation)
            .Where(evaluation => checkpoints.Has(evaluation.Step));
        EvaluationMetrics? best = CheckpointChoice.Best(candidates, recipe.Training.ChooseBy);
        checkpoints.Choose(best?.Step);
        return best;
    }

    /// <summary>
    /// Gives the network the weights of the chosen checkpoint and evaluates the test part, unless
    /// that was done. Without a validation part there is nothing to do.
    /// </summary>
    /// <returns>False when it was stopped; a resumed run begins here.</returns>
    public bool Conclude(RevUpNet net, RunLog? log, long step, int epoch, StopAgreement stop)
    {
        Conclusion next = ranks.First(
            () => Begin(net, log!, step), RunRankJson.Default.Conclusion, "the choice of a checkpoint");
        if (next == Conclusion.Nothing)
        {
            return true;
        }
        ranks.Broadcast(net.Parameters.Values, "the chosen weights");
        if (!net.Parameters.StateValues.IsEmpty)
        {
            ranks.Broadcast(net.Parameters.StateValues, "the chosen state");
        }
        net.Invalidate();
        if (next == Conclusion.Evaluate)
        {
            try
            {
                EvaluationResult result = Evaluate(net, DatasetSplit.Test, step, TimeSpan.Zero, stop);
                log?.Evaluation(step, epoch, result);
            }
            catch (OperationCanceledException) when (stop.Token.IsCancellationRequested)
            {
                return false;
            }
        }
        return true;
    }

    /// <summary>
    /// The run's result up to now. At the end it is the result of the test part. Before the end it
    /// is the validation result of the chosen checkpoint. Without a validation part it is the
    /// result of the last epoch.
    /// </summary>
    public EvaluationResult Result(RunLog log, long step, EvaluationMetrics? chosen)
    {
        EvaluationMetrics? test = data.HasValidation
            ? Of(log, DatasetSplit.Test).LastOrDefault(evaluation => evaluation.Step == step)
            : null;
        return (test ?? chosen ?? Of(log, data.Held).LastOrDefault())?.Result ?? default;
    }

    internal enum Conclusion
    {
        Nothing,
        Load,
        Evaluate,
    }

    private Conclusion Begin(RevUpNet net, RunLog log, long step)
    {
        if (Choose(log) is not { } best)
        {
            return Conclusion.Nothing;
        }
        if (best.Step != step && checkpoints!.Chosen() is { } chosen)
        {
            Checkpoint.LoadModel(net, chosen.Path);
        }
        bool isDone = !data.HasTest || Of(log, DatasetSplit.Test).LastOrDefault()?.Step == step;
        return isDone ? Conclusion.Load : Conclusion.Evaluate;
    }

    private static IEnumerable<EvaluationMetrics> Of(RunLog log, DatasetSplit part) =>
        log.Evaluations.Where(evaluation => evaluation.Result.Part == part);

    private int SamplesOf(DatasetSplit part) =>
        data[part] is DensePatches patches ? patches.Cases.Count : data[part].Count;

    private EvaluationResult Evaluate(
        RevUpNet net, DatasetSplit part, long step, TimeSpan after, StopAgreement stop)
    {
        ImageDataset samples = data[part];
        long start = Stopwatch.GetTimestamp();
        BatchLoaderOptions batches = Batches(recipe.EvaluationBatches, samples);
        if (samples is not DensePatches patches)
        {
            SampleLoss loss = new(recipe.Model.Task, recipe.Training.HuberDelta, Loss);
            return Evaluator.Evaluate(net, samples, data.Normalization, batches, loss, Report, stop) with
            {
                Part = part,
            };
        }
        SegmentationRecorder recorder = new(samples.Classes, regions: patches.Cases.Regions);
        long memory = ranks.First(
            () => SegmentationEvaluator.MemoryOf(net, recipe.Reversible), RankJson.Default.Int64,
            "the memory of evaluations");
        SegmentationEvaluator evaluator = new(net, patches, data.Normalization, memory);
        EvaluationResult result = evaluator.Evaluate(recorder, batches.Damaged, Report, stop);
        SegmentationResult maps = recorder.Complete(part, step);
        if (ranks.IsFirst && folder is not null)
        {
            SegmentationJson.Write(Path.Combine(folder, SegmentationJson.FileName), maps);
        }
        return result with { Part = part, Segmentation = maps.Measures.Summary };

        void Report(int evaluated)
        {
            double done = (double)evaluated / SamplesOf(part);
            TimeSpan rest = Stopwatch.GetElapsedTime(start) * ((1 - done) / done);
            report(new EvaluationProgress(done, rest + after));
        }
    }
}
