namespace RevUp.Models;

/// <summary>Answers from the outputs of a network.</summary>
internal static class Answers
{
    /// <summary>
    /// Turns outputs into answers, in place: softmax of each row of classes, sigmoid of each label,
    /// and nothing where outputs are numbers.
    /// </summary>
    /// <param name="task">The network's task.</param>
    /// <param name="outputs">[N · <paramref name="count"/>].</param>
    /// <param name="count">Outputs of a sample, or of a position.</param>
    public static void Of(ModelTask task, Span<float> outputs, int count)
    {
        switch (task)
        {
            case ModelTask.Regression:
                break;
            case ModelTask.MultiLabel:
                foreach (ref float value in outputs)
                {
                    value = (float)(1 / (1 + Math.Exp(-(double)value)));
                }
                break;
            default:
                for (int start = 0; start < outputs.Length; start += count)
                {
                    Softmax(outputs.Slice(start, count));
                }
                break;
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
