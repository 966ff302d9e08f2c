using System.Runtime.CompilerServices;

namespace RevUp.Tensors;

/// <summary>Bytes by purpose: a snapshot of an arena's live memory or of its peaks.</summary>
public struct MemoryUse
{
    /// <summary>Number of purposes.</summary>
    public const int Purposes = 5;

    private Counters _bytes;

    /// <summary>Bytes used for one purpose.</summary>
    public long this[MemoryPurpose purpose]
    {
        readonly get => _bytes[(int)purpose];
        set => _bytes[(int)purpose] = value;
    }

    /// <summary>Bytes of all purposes together.</summary>
    public readonly long Total
    {
        get
        {
            long total = 0;
            for (int i = 0; i < Purposes; i++)
            {
                total += _bytes[i];
            }
            return total;
        }
    }

    /// <summary>Every purpose and the total, in MiB, on one line.</summary>
    public override readonly string ToString()
    {
        StringBuilder text = new();
        foreach (MemoryPurpose purpose in Enum.GetValues<MemoryPurpose>())
        {
            text.Append(FormattableString.Invariant($"{purpose} {this[purpose] / 1048576.0:F1} MiB, "));
        }
        return text.Append(FormattableString.Invariant($"total {Total / 1048576.0:F1} MiB")).ToString();
    }

    [InlineArray(Purposes)]
    private struct Counters
    {
        private long _first;
    }
}
