using System.Buffers;
using RevUp.Backends;
using RevUp.Data;
using RevUp.Reversible;
using RevUp.Tensors;

namespace RevUp.Models;

/// <summary>Answers for samples.</summary>
public sealed partial class RevUpNet
{
    /// <summary>
    /// A network for predictions: without gradients and without vectors of power iterations, it
    /// holds weights, norms and running statistics. It does not train, and its branches are not
    /// tried again. It keeps packed weights.
    /// </summary>
    /// <param name="backend">The device.</param>
    /// <param name="settings">The network.</param>
    /// <param name="sample">Shape of one sample.</param>
    /// <param name="classes">Number of classes.</param>
    /// <param name="branches">As in training.</param>
    internal static RevUpNet ForPredictions(
        Backend backend, ModelSettings settings, Shape sample, int classes, Func<BranchSite, Branch>? branches) =>
        // Every tensor is read from a file: the seed draws nothing that stays.
        new(backend, settings, sample, classes, seed: 1, branches, new TrainedLayers(), owner: null, trains: false)
        {
            KeepsPackedWeights = true,
        };

    /// <summary>
    /// Answers for one or several samples, channels-last and normalised like the training data, one
    /// after the other: probabilities, or the numbers of a regression.
    /// </summary>
    /// <returns>
    /// softmax(logits), [N · classes], or [N · positions · classes] under
    /// <see cref="ModelTask.Segmentation"/>; sigmoid(logits) under
    /// <see cref="ModelTask.MultiLabel"/>; the outputs themselves under
    /// <see cref="ModelTask.Regression"/>.
    /// </returns>
    /// <exception cref="ArgumentException">The length is not a multiple of a sample's.</exception>
    public float[] Predict(ReadOnlySpan<float> pixels) => Predict(new BatchPixels(pixels));

    /// <inheritdoc cref="Predict(ReadOnlySpan{float})"/>
    internal float[] Predict(BatchPixels pixels)
    {
        using Driving driving = Drive();
        Tensor outputs = Infer(pixels);
        float[] answers = new float[outputs.Count];
        Take(outputs, answers);
        return answers;
    }

    /// <param name="pixels">Samples.</param>
    /// <param name="answers">As many as are returned otherwise.</param>
    /// <inheritdoc cref="Predict(ReadOnlySpan{float})"/>
    internal void Predict(BatchPixels pixels, Span<float> answers)
    {
        using Driving driving = Drive();
        Take(Infer(pixels), answers);
    }

    /// <inheritdoc cref="Infer(ReadOnlySpan{float})"/>
    /// <param name="pixels">[N, …], channels-last.</param>
    /// <param name="features">
    /// Whether the result is what the linear map of a classifier's head sees, [N, C], in place of
    /// logits.
    /// </param>
    internal Tensor Infer(BatchPixels pixels, bool features = false)
    {
        using Driving driving = Drive();
        if (!Settings.TestTimeFlip)
        {
            return Outputs(pixels, features);
        }
        byte[] buffer = ArrayPool<byte>.Shared.Rent(checked((int)pixels.Bytes));
        Tensor own = default, mirrored = default;
        try
        {
            own = Outputs(pixels, features);
            mirrored = Outputs(pixels.Mirrored(Sample, buffer), features);
            Average(own, mirrored);
            return own;
        }
        catch
        {
            Backend.Memory.TryFree(own);
            throw;
        }
        finally
        {
            Backend.Memory.TryFree(mirrored);
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    // x becomes the mean of x and y.
    private void Average(Tensor x, Tensor y)
    {
        Tensor half = Backend.Memory.Allocate(new Shape(1), ElementType.Float32, MemoryPurpose.Workspace);
        Backend.Fill(half, 0.5f);
        Backend.ResidualSubtract(x, x, half, x);
        Backend.Axpy(half, y, x);
        Backend.Memory.Free(half);
    }

    private void Take(Tensor outputs, Span<float> answers)
    {
        Backend.Download(outputs, answers);
        Backend.Memory.Free(outputs);
        Answers.Of(Settings.Task, answers, Classes);
    }
}
