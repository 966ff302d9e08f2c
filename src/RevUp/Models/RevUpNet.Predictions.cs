using RevUp.Data;
using RevUp.Tensors;

namespace RevUp.Models;

/// <summary>Probabilities of samples.</summary>
public sealed partial class RevUpNet
{
    /// <summary>
    /// Class probabilities of one or several samples, channels-last and normalised like the
    /// training data, one after the other.
    /// </summary>
    /// <returns>
    /// softmax(logits), [N · classes], or [N · positions · classes] under
    /// <see cref="ModelTask.Segmentation"/>.
    /// </returns>
    /// <exception cref="ArgumentException">The length is not a multiple of a sample's.</exception>
    public float[] Predict(ReadOnlySpan<float> pixels) => Predict(new BatchPixels(pixels));

    /// <inheritdoc cref="Predict(ReadOnlySpan{float})"/>
    internal float[] Predict(BatchPixels pixels)
    {
        using Driving driving = Drive();
        Tensor logits = Infer(pixels);
        float[] values = new float[logits.Count];
        TakeProbabilities(logits, values);
        return values;
    }

    /// <param name="pixels">Samples.</param>
    /// <param name="probabilities">As many as are returned otherwise.</param>
    /// <inheritdoc cref="Predict(ReadOnlySpan{float})"/>
    internal void Predict(BatchPixels pixels, Span<float> probabilities)
    {
        using Driving driving = Drive();
        TakeProbabilities(Infer(pixels), probabilities);
    }

    private void TakeProbabilities(Tensor logits, Span<float> values)
    {
        Backend.Download(logits, values);
        Backend.Memory.Free(logits);
        for (int start = 0; start < values.Length; start += Classes)
        {
            Softmax(values.Slice(start, Classes));
        }
    }

    private static void Softmax(Span<float> values)
    {
        float largest = values[0];
        foreach (float value in values)
        {
            largest = Math.Max(largest, value);
        }
        double sum = 0;
        foreach (float value in values)
        {
            sum += Math.Exp(value - largest);
        }
        foreach (ref float value in values)
        {
            value = (float)(Math.Exp(value - largest) / sum);
        }
    }
}
