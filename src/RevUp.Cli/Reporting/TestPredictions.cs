using RevUp.Models;

namespace RevUp.Cli.Reporting;

/// <summary>The predictions of a network for a whole test set.</summary>
internal sealed class TestPredictions
{
    private const int Kept = 12;

    private readonly PriorityQueue<Prediction, double> _worst = new();
    private readonly PriorityQueue<Prediction, double> _best = new();

    private TestPredictions()
    {
    }

    /// <summary>The samples whose own class got the least probability, worst first.</summary>
    public IReadOnlyList<Prediction> Worst =>
        [.. _worst.UnorderedItems.OrderBy(item => item.Element.LabelProbability).Select(item => item.Element)];

    /// <summary>Those whose class got the most, best first.</summary>
    public IReadOnlyList<Prediction> Best =>
        [.. _best.UnorderedItems.OrderByDescending(item => item.Element.LabelProbability).Select(item => item.Element)];

    /// <summary>Classifies every sample that can be read.</summary>
    public static TestPredictions Collect(
        RevUpNet net, ImageDataset data, ChannelNormalization normalization, BatchLoaderOptions batches)
    {
        TestPredictions predictions = new();
        using BatchLoader loader = new(data, normalization, batches with { ReplaceDamaged = false });
        int size = (int)net.Sample.Count;
        foreach (Batch batch in loader.Epoch(0))
        {
            float[] pixels = batch.Pixels.ToArray(net.Backend, net.Sample);
            float[] probabilities = net.Predict(pixels);
            for (int i = 0; i < batch.Count; i++)
            {
                ReadOnlySpan<float> row = probabilities.AsSpan(i * net.Classes, net.Classes);
                int label = IndexOfMaximum(batch.Targets.Slice(i * net.Classes, net.Classes));
                predictions.Add(pixels.AsSpan(i * size, size), label, row);
            }
        }
        return predictions;
    }

    /// <summary>
    /// A sample as bytes to look at: [H, W, 1 or 3]; of a volume the middle slice, of other numbers
    /// of channels the first.
    /// </summary>
    /// <remarks>
    /// Bytes come back as they were; values beyond the range of bytes are shown from their least to
    /// their largest.
    /// </remarks>
    public static string DataUri(Prediction prediction, Shape sample, ChannelNormalization normalization)
    {
        (int height, int width, int channels) = (sample[sample.Rank - 3], sample[sample.Rank - 2], sample.Channels);
        int shown = channels == 3 ? 3 : 1;
        int slice = sample.Rank == 5 ? sample[1] / 2 : 0;
        double[] values = new double[height * width * shown];
        for (int i = 0; i < values.Length; i++)
        {
            int channel = i % shown;
            float normalized = prediction.Pixels[((slice * height * width) + (i / shown)) * channels + channel];
            values[i] = normalized * normalization.Deviation[channel] + normalization.Mean[channel];
        }
        (double least, double largest) = (values.Min(), values.Max());
        const double rounding = 1e-3;
        bool isByte = least >= -rounding && largest <= 1 + rounding;
        (double offset, double scale) = isByte ? (0, 255) : (least, largest > least ? 255 / (largest - least) : 0);
        return PngImage.DataUri(
            width, height, shown,
            [.. values.Select(value => (byte)Math.Clamp(Math.Round((value - offset) * scale), 0, 255))]);
    }

    private void Add(ReadOnlySpan<float> pixels, int label, ReadOnlySpan<float> probabilities)
    {
        int predicted = IndexOfMaximum(probabilities);
        double probability = probabilities[label];
        Prediction? prediction = null;
        // The queue's first is what the next one drives out.
        Keep(_worst, -probability, pixels, probabilities);
        Keep(_best, probability, pixels, probabilities);

        void Keep(
            PriorityQueue<Prediction, double> queue, double priority, ReadOnlySpan<float> pixels,
            ReadOnlySpan<float> probabilities)
        {
            if (queue.Count == Kept && queue.TryPeek(out _, out double first) && priority <= first)
            {
                return;
            }
            prediction ??= new Prediction(pixels.ToArray(), label, predicted, probabilities[predicted], probability);
            queue.Enqueue(prediction, priority);
            if (queue.Count > Kept)
            {
                queue.Dequeue();
            }
        }
    }

    private static int IndexOfMaximum(ReadOnlySpan<float> values)
    {
        int index = 0;
        for (int i = 1; i < values.Length; i++)
        {
            index = values[i] > values[index] ? i : index;
        }
        return index;
    }
}
