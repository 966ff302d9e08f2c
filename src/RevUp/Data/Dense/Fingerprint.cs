using RevUp.Data.Volumes;

namespace RevUp.Data.Dense;

/// <summary>
/// Facts of the training cases that the rules of their preparation follow from: spacings, crops,
/// and values of the foreground for CT.
/// </summary>
internal sealed class Fingerprint(IReadOnlyList<string> channels)
{
    // nnU-Net's numbers.
    private const int ValuesOfCase = 10_000;
    private const double MaskedBelow = 0.75;

    private readonly List<double[]> _spacings = [];
    private readonly List<double> _kept = [];
    private readonly List<float>[] _values = [.. channels.Select(_ => new List<float>())];
    private bool _hasForeground;

    /// <summary>Adds a training case.</summary>
    public void Add(SourceCase source, int firstForeground)
    {
        _spacings.Add(source.Grid.Spacing);
        double kept = DensePreparation.NonZeroBox(source.Pixels, source.Grid.Extents).Box.Count;
        _kept.Add(kept / source.Grid.Extents.Count);
        _hasForeground = _hasForeground || source.Labels!.Any(IsForeground);
        if (!channels.Any(name => ChannelRule.KindOf(name) == ChannelRuleKind.Ct))
        {
            return;
        }
        ushort[] labels = source.Labels!;
        int foreground = labels.Count(IsForeground), taken = 0, seen = 0;
        int wanted = Math.Min(ValuesOfCase, foreground);
        for (int i = 0; i < labels.Length && taken < wanted; i++)
        {
            // Evenly over the foreground in the order of its voxels.
            if (IsForeground(labels[i]) && (long)seen++ * wanted / foreground >= taken)
            {
                taken++;
                for (int channel = 0; channel < channels.Count; channel++)
                {
                    _values[channel].Add(source.Pixels[i * channels.Count + channel]);
                }
            }
        }

        bool IsForeground(ushort label) => label >= firstForeground && label != VoxelLabels.Ignored;
    }

    /// <summary>The rules.</summary>
    /// <param name="spacing">Millimetres along D, H, W; empty for the median of the cases.</param>
    /// <param name="path">Of the data, for messages.</param>
    /// <exception cref="DataFileException">
    /// No training case has a class but the background.
    /// </exception>
    public DensePreparation ToPreparation(IReadOnlyList<double> spacing, string path)
    {
        if (!_hasForeground)
        {
            throw new DataFileException(
                path, "no training case has a class but the background, so there is nothing to learn; add labelled cases.");
        }
        ChannelRule[] rules = new ChannelRule[channels.Count];
        for (int channel = 0; channel < rules.Length; channel++)
        {
            ChannelRuleKind kind = ChannelRule.KindOf(channels[channel]);
            rules[channel] = kind == ChannelRuleKind.Ct
                ? ChannelRule.Ct(channels[channel], _values[channel])
                : new ChannelRule(channels[channel], kind);
        }
        double[] steps = spacing.Count > 0
            ? [.. spacing]
            : [.. Enumerable.Range(0, 3).Select(axis => Median(_spacings.Select(each => each[axis])))];
        return new DensePreparation(steps, rules, Median(_kept) < MaskedBelow);
    }

    private static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }
}
