using RevUp.Backends;
using RevUp.Data;
using RevUp.Models;
using RevUp.Recipes;
using RevUp.Tensors;

namespace RevUp.Runs;

/// <summary>Evaluates a network on every sample of a dataset that can be read, without augmentation and without touching the training state.</summary>
internal static class Evaluator
{
    /// <summary>Top-1 and loss over all of <paramref name="data"/>; damaged samples are left out and counted, and none takes their place.</summary>
    /// <param name="net">The network; norms stay as training left them.</param>
    /// <param name="data">Samples.</param>
    /// <param name="normalization">That of the training set.</param>
    /// <param name="batches">Samples per forward pass, threads that prepare them, and their framing, such as <see cref="Recipe.EvaluationBatches"/>.</param>
    /// <param name="progress">Called after each batch with the number of samples evaluated.</param>
    /// <param name="stop">Ends the evaluation after the current batch.</param>
    /// <exception cref="DataFileException">More samples are damaged than <paramref name="batches"/> allows.</exception>
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
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(normalization);
        ArgumentNullException.ThrowIfNull(batches);
        using Driving driving = net.Drive();
        Backend backend = net.Backend;
        Arena memory = backend.Memory;
        Tensor statistics = memory.Allocate(new Shape(2), ElementType.Float64, MemoryPurpose.Workspace);
        Span<double> sums = stackalloc double[2];
        int evaluated = 0;
        try
        {
            backend.Upload<double>(sums, statistics);
            using BatchLoader loader = new(data, normalization, batches with { ReplaceDamaged = false });
            foreach (Batch samples in loader.Epoch(0))
            {
                stop.ThrowIfCancellationRequested();
                evaluated += samples.Count;
                Tensor logits = net.Infer(samples.Pixels);
                Tensor targets = memory.Allocate(new Shape(samples.Count, net.Classes), ElementType.Float32, MemoryPurpose.Activations);
                backend.Upload(samples.Targets, targets);
                backend.CrossEntropy(logits, targets, 0, default, statistics);
                memory.Free(logits);
                memory.Free(targets);
                progress?.Invoke(evaluated);
            }
            backend.Download(statistics, sums);
        }
        finally
        {
            memory.TryFree(statistics);
        }
        return new EvaluationResult(sums[1] / evaluated, sums[0] / evaluated, evaluated, data.Count - evaluated);
    }
}
