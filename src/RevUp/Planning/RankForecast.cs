using RevUp.Distributed;

namespace RevUp.Planning;

/// <summary>
/// Expected time of a step that N ranks share: a model, not a measurement. Gradients are summed in
/// pieces like <see cref="GradientBuckets"/>, from the last layer to the first.
/// </summary>
/// <param name="Ranks">N.</param>
/// <param name="Passes">Passes of each rank in a step.</param>
/// <param name="Overlaps">Whether messages are sent during the backward pass.</param>
/// <param name="Messages">Sums of gradients in a step.</param>
/// <param name="CommunicationMilliseconds">Time of all messages, the verdict's included.</param>
/// <param name="ExposedMilliseconds">The part of it that no backward pass hides.</param>
/// <param name="OverlappedMilliseconds">
/// That part if each message is sent as soon as its layers have their gradients.
/// </param>
/// <param name="StepMilliseconds">The passes of a rank, and the exposed part.</param>
/// <param name="Efficiency">Share of the step in which ranks compute.</param>
internal sealed record RankForecast(
    int Ranks, int Passes, bool Overlaps, int Messages, double CommunicationMilliseconds, double ExposedMilliseconds,
    double OverlappedMilliseconds, double StepMilliseconds, double Efficiency)
{
    // Losses and inversions of all ranks, and the norm of the gradients.
    private const int VerdictMessages = 2;

    /// <summary>The step of a network.</summary>
    /// <param name="layers">First to last.</param>
    /// <param name="milliseconds">Time of one pass of one rank, forward and backward.</param>
    /// <param name="passes">Passes of each rank in a step; gradients are sent in the last.</param>
    /// <param name="link">The network between the ranks.</param>
    /// <param name="overlaps">Whether messages are sent during the backward pass.</param>
    /// <param name="bytes">Bytes of a message at least; 0 for the usual ones.</param>
    public static RankForecast Of(
        IReadOnlyList<LayerWork> layers, double milliseconds, int passes, RankLink link, bool overlaps,
        long bytes = 0)
    {
        double rate = milliseconds / layers.Sum(layer => layer.Forward + layer.Backward);
        bytes = bytes > 0 ? bytes : GradientBuckets.BytesOf(layers.Sum(layer => layer.GradientBytes));
        // Milliseconds since the backward pass began, and when the last message arrives.
        (double now, double arrived, double sums, double waiting) = (0, 0, 0, 0);
        int messages = 0;
        for (int i = layers.Count - 1; i >= 0; i--)
        {
            now += rate * layers[i].Backward;
            waiting += layers[i].GradientBytes;
            if (waiting >= bytes || (i == 0 && waiting > 0))
            {
                double sum = link.Sum(waiting);
                (arrived, sums, waiting) = (Math.Max(now, arrived) + sum, sums + sum, 0);
                messages++;
            }
        }
        double verdict = VerdictMessages * link.Sum(0);
        double overlapped = Math.Max(0, arrived - now) + verdict;
        double exposed = overlaps ? overlapped : sums + verdict;
        double step = passes * milliseconds + exposed;
        double efficiency = passes * milliseconds / step;
        return new RankForecast(
            link.Ranks, passes, overlaps, messages, sums + verdict, exposed, overlapped, step, efficiency);
    }
}
