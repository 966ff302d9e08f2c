using RevUp.Data.Volumes;

namespace RevUp.Data.Dense;

/// <summary>
/// Resamples label maps: each class as a map of zeros and ones, linearly, and the class with the
/// largest value wins, the smaller label where two are equal.
/// </summary>
/// <remarks>No map of a class is made: a position sums the weights of its eight neighbours.</remarks>
internal static class LabelResampler
{
    /// <summary>Resamples [D, H, W] to other extents.</summary>
    /// <inheritdoc cref="CubicResampler.Resize"/>
    public static ushort[] Resize(ushort[] source, VolumeExtents from, VolumeExtents to, int? nearest)
    {
        int[] before = [from.Depth, from.Height, from.Width], after = [to.Depth, to.Height, to.Width];
        if (before.SequenceEqual(after))
        {
            return source;
        }
        (int Low, int High, double Share)[][] places =
            [.. Enumerable.Range(0, 3).Select(axis => Places(before[axis], after[axis], axis == nearest))];
        ushort[] result = GC.AllocateUninitializedArray<ushort>(checked(to.Depth * to.Height * to.Width));
        Span<ushort> labels = stackalloc ushort[8];
        Span<double> weights = stackalloc double[8];
        int at = 0;
        foreach ((int lowD, int highD, double d) in places[0])
        {
            foreach ((int lowH, int highH, double h) in places[1])
            {
                int row0 = (lowD * from.Height + lowH) * from.Width, row1 = (lowD * from.Height + highH) * from.Width;
                int row2 = (highD * from.Height + lowH) * from.Width, row3 = (highD * from.Height + highH) * from.Width;
                foreach ((int lowW, int highW, double w) in places[2])
                {
                    (labels[0], labels[1]) = (source[row0 + lowW], source[row0 + highW]);
                    (labels[2], labels[3]) = (source[row1 + lowW], source[row1 + highW]);
                    (labels[4], labels[5]) = (source[row2 + lowW], source[row2 + highW]);
                    (labels[6], labels[7]) = (source[row3 + lowW], source[row3 + highW]);
                    for (int corner = 0; corner < 8; corner++)
                    {
                        weights[corner] = ((corner & 4) != 0 ? d : 1 - d) * ((corner & 2) != 0 ? h : 1 - h)
                            * ((corner & 1) != 0 ? w : 1 - w);
                    }
                    result[at++] = Heaviest(labels, weights);
                }
            }
        }
        return result;
    }

    private static ushort Heaviest(ReadOnlySpan<ushort> labels, ReadOnlySpan<double> weights)
    {
        // Sums of exact halves and quarters come in different orders, so equal within this.
        const double Equal = 1e-9;
        if (!labels.ContainsAnyExcept(labels[0]))
        {
            return labels[0];
        }
        (ushort best, double most) = (ushort.MaxValue, -1);
        for (int corner = 0; corner < labels.Length; corner++)
        {
            double sum = 0;
            for (int other = 0; other < labels.Length; other++)
            {
                sum += labels[other] == labels[corner] ? weights[other] : 0;
            }
            if (sum > most + Equal || (sum > most - Equal && labels[corner] < best))
            {
                (best, most) = (labels[corner], sum);
            }
        }
        return best;
    }

    private static (int Low, int High, double Share)[] Places(int n, int m, bool isNearest)
    {
        (int, int, double)[] places = new (int, int, double)[m];
        for (int i = 0; i < m; i++)
        {
            double place = isNearest
                ? Math.Min(Math.Floor((i + 0.5) * n / m), n - 1)
                : Math.Clamp((i + 0.5) * n / m - 0.5, 0, n - 1);
            int low = (int)place;
            places[i] = (low, Math.Min(low + 1, n - 1), place - low);
        }
        return places;
    }
}
