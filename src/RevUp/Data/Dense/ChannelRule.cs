namespace RevUp.Data.Dense;

/// <summary>How the values of one channel are normalised.</summary>
/// <param name="Name">Of the channel, as dataset.json has it.</param>
/// <param name="Kind">The rule.</param>
/// <param name="Least">Values below become this; for <see cref="ChannelRuleKind.Ct"/>.</param>
/// <param name="Most">Values above become this.</param>
/// <param name="Mean">Subtracted then.</param>
/// <param name="Deviation">Divided by at last.</param>
internal sealed record ChannelRule(
    string Name, ChannelRuleKind Kind, double Least = 0, double Most = 0, double Mean = 0, double Deviation = 1)
{
    // nnU-Net's bound, below which a channel is constant.
    private const double LeastDeviation = 1e-8;

    /// <summary>The rule that nnU-Net has for a name of a channel.</summary>
    public static ChannelRuleKind KindOf(string name) => name.Trim().ToUpperInvariant() switch
    {
        "CT" => ChannelRuleKind.Ct,
        "NONORM" => ChannelRuleKind.None,
        _ => ChannelRuleKind.Case,
    };

    /// <summary>
    /// The rule for CT: clipped to 0.5 and 99.5 % of the foreground's values, then its mean and
    /// deviation.
    /// </summary>
    /// <param name="name">Of the channel.</param>
    /// <param name="values">Values of foreground voxels of the training cases; sorted here.</param>
    public static ChannelRule Ct(string name, List<float> values)
    {
        values.Sort();
        double mean = values.Average(value => (double)value);
        double deviation = Math.Sqrt(values.Average(value => (value - mean) * (value - mean)));
        return new ChannelRule(
            name,
            ChannelRuleKind.Ct,
            Percentile(values, 0.005),
            Percentile(values, 0.995),
            mean,
            Math.Max(deviation, LeastDeviation));
    }

    /// <summary>Normalises one channel of a case in place.</summary>
    /// <param name="values">[positions, C].</param>
    /// <param name="channels">C.</param>
    /// <param name="channel">Which.</param>
    /// <param name="isCounted">
    /// For each position whether it counts; the others become 0. Null where all do.
    /// </param>
    public void Apply(Span<float> values, int channels, int channel, bool[]? isCounted)
    {
        (double mean, double deviation) = Kind == ChannelRuleKind.Case
            ? Moments(values, channels, channel, isCounted)
            : (Mean, Deviation);
        for (int i = channel, position = 0; Kind != ChannelRuleKind.None && i < values.Length; i += channels, position++)
        {
            double value = Kind == ChannelRuleKind.Ct ? Math.Clamp(values[i], Least, Most) : values[i];
            bool counts = Kind == ChannelRuleKind.Ct || isCounted is null || isCounted[position];
            values[i] = counts ? (float)((value - mean) / deviation) : 0;
        }
    }

    private static (double Mean, double Deviation) Moments(
        ReadOnlySpan<float> values, int channels, int channel, bool[]? isCounted)
    {
        (double sum, double squares, long count) = (0, 0, 0);
        for (int i = channel, position = 0; i < values.Length; i += channels, position++)
        {
            if (isCounted is null || isCounted[position])
            {
                sum += values[i];
                count++;
            }
        }
        double mean = count > 0 ? sum / count : 0;
        for (int i = channel, position = 0; i < values.Length; i += channels, position++)
        {
            if (isCounted is null || isCounted[position])
            {
                squares += (values[i] - mean) * (values[i] - mean);
            }
        }
        return (mean, Math.Max(count > 0 ? Math.Sqrt(squares / count) : 1, LeastDeviation));
    }

    // Linear between ranks, as numpy.percentile.
    private static double Percentile(List<float> sorted, double share)
    {
        double place = share * (sorted.Count - 1);
        int low = (int)place;
        double next = sorted[Math.Min(low + 1, sorted.Count - 1)];
        return sorted[low] + (place - low) * (next - sorted[low]);
    }
}
