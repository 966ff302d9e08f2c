namespace RevUp.Tests.Support;

/// <summary>
/// Weighted cross-entropy plus Dice of every class but the background, in float64, from the
/// formulas.
/// </summary>
internal static class VoxelLossTwin
{
    /// <summary>The mean loss of logits [N, positions, classes].</summary>
    public static double Loss(double[] logits, ushort[] labels, int batch, double[] weights, bool perSample)
    {
        int classes = weights.Length, positions = labels.Length / batch;
        (double crossEntropy, double weight) = (0, 0);
        // Of a sample or of the batch, of a class.
        double[,] both = new double[batch, classes], right = new double[batch, classes];
        for (int i = 0; i < labels.Length; i++)
        {
            (int sums, int label) = (perSample ? i / positions : 0, labels[i]);
            if (label >= classes)
            {
                continue;
            }
            double[] exponentials = [.. logits[(i * classes)..((i + 1) * classes)].Select(Math.Exp)];
            double[] p = [.. exponentials.Select(e => e / exponentials.Sum())];
            crossEntropy -= weights[label] * Math.Log(p[label]);
            weight += weights[label];
            right[sums, label] += p[label];
            both[sums, label]++;
            for (int c = 0; c < classes; c++)
            {
                both[sums, c] += p[c];
            }
        }
        double[] dices =
        [
            .. from sums in Enumerable.Range(0, perSample ? batch : 1)
               from c in Enumerable.Range(1, classes - 1)
               where both[sums, c] > 0
               select ((2 * right[sums, c]) + 1e-5) / (both[sums, c] + 1e-5),
        ];
        return (crossEntropy / weight) + 1 - dices.Average();
    }
}
