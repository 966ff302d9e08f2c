using RevUp.Backends;
using RevUp.Data;
using RevUp.Distributed;
using RevUp.Models;
using RevUp.Recipes;
using RevUp.Tensors;
using RevUp.Training;

namespace RevUp.Runs;

/// <summary>
/// Evaluates a network on every sample of a dataset that can be read, without augmentation and
/// without touching the training state.
/// </summary>
internal static class Evaluator
{
    /// <summary>
    /// Loss and measures of the network's task over all of <paramref name="data"/>. Damaged samples
    /// are left out and counted, and none takes their place.
    /// </summary>
    /// <param name="net">The network; norms stay as training left them.</param>
    /// <param name="data">Samples.</param>
    /// <param name="normalization">Normalisation of the training set.</param>
    /// <param name="batches">
    /// Samples per forward pass, threads that prepare them, and their framing, such as
    /// <see cref="Recipe.EvaluationBatches"/>.
    /// </param>
    /// <param name="progress">Called after each batch with the number of samples evaluated.</param>
    /// <param name="stop">Ends the evaluation after the current batch.</param>
    /// <exception cref="DataFileException">
    /// More samples are damaged than <paramref name="batches"/> allows, or the network's output for
    /// one is not finite.
    /// </exception>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public static EvaluationResult Evaluate(
        RevUpNet net,
        ImageDataset data,
        ChannelNormalization normalization,
        BatchLoaderOptions batches,
        Action<int>? progress = null,
        CancellationToken stop = default)
    {
        ArgumentNullException.ThrowIfNull(net);
        using StopAgreement agreement = new(Collective.Alone, stop);
        SampleLoss loss = new(net.Settings.Task, huberDelta: 0, own: null);
        return Evaluate(net, data, normalization, batches, loss, progress, agreement);
    }

    /// <summary>
    /// The same where ranks share the batches; each rank gets the result of all samples.
    /// </summary>
    internal static EvaluationResult Evaluate(
        RevUpNet net,
        ImageDataset data,
        ChannelNormalization normalization,
        BatchLoaderOptions batches,
        SampleLoss loss,
        Action<int>? progress,
        StopAgreement stop)
    {
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(normalization);
        ArgumentNullException.ThrowIfNull(batches);
        using Driving driving = net.Drive();
        Collective ranks = stop.Ranks;
        Arena memory = net.Backend.Memory;
        Tensor statistics = memory.Allocate(new Shape(2), ElementType.Float64, MemoryPurpose.Workspace);
        int evaluated = 0;
        float[] outputs = new float[Math.Min(batches.BatchSize, data.Count) * net.Classes];
        try
        {
            using BatchLoader loader = new(
                data, normalization,
                batches with { ReplaceDamaged = false, Ranks = ranks.Size, Rank = ranks.Rank });
            EvaluationShare share = new(
                OutputTally.Of(net.Settings.Task, net.Classes, loader.BatchesPerEpoch, data.Count),
                loader.BatchesPerEpoch, data.Count);
            using IEnumerator<Batch> own = loader.Epoch(0).GetEnumerator();
            for (int first = 0; first < loader.BatchesPerEpoch; first += ranks.Size)
            {
                stop.ThrowIfStopped();
                if (own.MoveNext())
                {
                    Evaluate(net, own.Current, data, loss, outputs, statistics, share);
                    evaluated += own.Current.Count;
                    progress?.Invoke(Math.Min(evaluated * ranks.Size, data.Count));
                }
            }
            DamageExchange.Share(ranks, loader.Damaged);
            share.Join(ranks);
            return share.Complete();
        }
        finally
        {
            memory.TryFree(statistics);
        }
    }

    private static void Evaluate(
        RevUpNet net, Batch samples, ImageDataset data, SampleLoss loss, float[] outputs, Tensor statistics,
        EvaluationShare share)
    {
        Backend backend = net.Backend;
        Arena memory = backend.Memory;
        Span<double> sums = stackalloc double[2];
        sums.Clear();
        backend.Upload<double>(sums, statistics);
        Tensor logits = net.Infer(samples.Pixels);
        Tensor targets = memory.Allocate(
            new Shape(samples.Count, net.Classes), ElementType.Float32, MemoryPurpose.Activations);
        backend.Upload(samples.Targets, targets);
        loss.Add(backend, logits, targets, default, statistics);
        Span<float> rows = outputs.AsSpan(0, samples.Count * net.Classes);
        backend.Download(logits, rows);
        backend.Download(statistics, sums);
        memory.Free(logits);
        memory.Free(targets);
        if (FiniteValues.IndexOfOther(rows) is >= 0 and var bad)
        {
            throw new DataFileException(
                data.Name(samples.Sample(bad / net.Classes)),
                "the network's output for this sample is not finite. Either its values are far from the "
                + "training set's: correct it or leave it out. Or the training diverged: lower the learning rate.");
        }
        share.Tally.Add(samples.Index, rows, samples.Targets);
        share.Add(samples.Index, samples.Count, sums);
    }
}
