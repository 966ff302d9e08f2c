using RevUp.Data.Volumes;

namespace RevUp.Runs;

/// <summary>
/// Squared distance in mm² from a voxel to the nearest site, exact, with a spacing of its own along
/// each axis.
/// </summary>
/// <remarks>
/// Along W and H there is a pass over all voxels, linear in their number. H takes the lower
/// envelope of parabolas of P. Felzenszwalb and D. Huttenlocher, doi
/// 10.4086/toc.2012.v008a019. Along D each asked voxel searches its line outwards, because few are
/// asked. Sums are computed in float64; squares are float32, each rounded at most twice. Lines do
/// not depend on each other, so the result has the same bits on any number of threads.
/// </remarks>
internal static class DistanceTransform
{
    // A cache line of floats: neighbouring lines are gathered together, so that a pass across the
    // planes reads each cache line once.
    private const int Together = 16;

    /// <summary>
    /// Fills the squared distances to the nearest site of the same plane.
    /// </summary>
    /// <param name="marks">
    /// [D, H, W]; a voxel with a bit of <paramref name="bit"/> is a site.
    /// </param>
    /// <param name="bit">Bits that mark a site.</param>
    /// <param name="extents">D, H, W.</param>
    /// <param name="spacing">In mm.</param>
    /// <param name="squares">[D, H, W]; infinite in a plane without a site.</param>
    public static void FillPlanes(
        byte[] marks, byte bit, VolumeExtents extents, VolumeSpacing spacing, float[] squares)
    {
        (int depth, int height, int width) = (extents.Depth, extents.Height, extents.Width);
        Parallel.For(0, depth, plane =>
        {
            int first = plane * height * width;
            for (int row = first; row < first + height * width; row += width)
            {
                FillRow(marks.AsSpan(row, width), bit, spacing.Width, squares.AsSpan(row, width));
            }
            Envelope lines = new(height, spacing.Height);
            for (int w = 0; w < width; w += Together)
            {
                lines.Apply(squares, first + w, width, Math.Min(Together, width - w));
            }
        });
    }

    /// <summary>
    /// Squared distance from a voxel to the nearest site of any plane; infinite without sites.
    /// </summary>
    /// <param name="squares">Of <see cref="FillPlanes"/>.</param>
    /// <param name="voxel">Its place in [D, H, W].</param>
    /// <param name="extents">D, H, W.</param>
    /// <param name="spacing">In mm.</param>
    public static float Across(float[] squares, int voxel, VolumeExtents extents, VolumeSpacing spacing)
    {
        int area = extents.Height * extents.Width, plane = voxel / area;
        double best = squares[voxel];
        int farthest = Math.Max(plane, extents.Depth - 1 - plane);
        for (int steps = 1; steps <= farthest; steps++)
        {
            double across = steps * spacing.Depth * (steps * spacing.Depth);
            if (across >= best)
            {
                break;
            }
            if (plane >= steps)
            {
                best = Math.Min(best, across + squares[voxel - steps * area]);
            }
            if (plane + steps < extents.Depth)
            {
                best = Math.Min(best, across + squares[voxel + steps * area]);
            }
        }
        return (float)best;
    }

    // Along W: steps to the last site on the left, then the lesser of it and the first on the
    // right.
    private static void FillRow(ReadOnlySpan<byte> marks, byte bit, double spacing, Span<float> squares)
    {
        double steps = double.PositiveInfinity;
        for (int w = 0; w < marks.Length; w++)
        {
            steps = (marks[w] & bit) != 0 ? 0 : steps + 1;
            squares[w] = (float)steps;
        }
        for (int w = marks.Length - 1; w >= 0; w--)
        {
            steps = (marks[w] & bit) != 0 ? 0 : steps + 1;
            double distance = Math.Min(steps, squares[w]) * spacing;
            squares[w] = (float)(distance * distance);
        }
    }

    /// <summary>min over q of (h (p − q))² + f(q), for lines f of one length.</summary>
    private sealed class Envelope(int length, double spacing)
    {
        private readonly double _square = spacing * spacing;
        private readonly float[] _lines = new float[Together * length];
        private readonly int[] _places = new int[length];
        private readonly double[] _heights = new double[length];
        private readonly double[] _starts = new double[length + 1];

        /// <summary>Transforms neighbouring lines in place.</summary>
        public void Apply(float[] squares, int first, int stride, int lines)
        {
            for (int i = 0, at = first; i < length; i++, at += stride)
            {
                for (int line = 0; line < lines; line++)
                {
                    _lines[line * length + i] = squares[at + line];
                }
            }
            for (int line = 0; line < lines; line++)
            {
                Transform(_lines.AsSpan(line * length, length));
            }
            for (int i = 0, at = first; i < length; i++, at += stride)
            {
                for (int line = 0; line < lines; line++)
                {
                    squares[at + line] = _lines[line * length + i];
                }
            }
        }

        // Heights in units of h²: the parabolas of q and v meet at
        // ((f(q) + q²) − (f(v) + v²)) / (2 (q − v)).
        private void Transform(Span<float> line)
        {
            int last = -1;
            for (int q = 0; q < line.Length; q++)
            {
                if (float.IsPositiveInfinity(line[q]))
                {
                    continue;
                }
                double height = line[q] / _square, start = double.NegativeInfinity;
                while (last >= 0)
                {
                    int v = _places[last];
                    start = (height + (double)q * q - (_heights[last] + (double)v * v)) / (2.0 * (q - v));
                    if (start > _starts[last])
                    {
                        break;
                    }
                    (last, start) = (last - 1, double.NegativeInfinity);
                }
                last++;
                (_places[last], _heights[last], _starts[last]) = (q, height, start);
            }
            if (last < 0)
            {
                return;
            }
            _starts[last + 1] = double.PositiveInfinity;
            for (int p = 0, k = 0; p < line.Length; p++)
            {
                while (_starts[k + 1] < p)
                {
                    k++;
                }
                double steps = p - _places[k];
                line[p] = (float)((steps * steps + _heights[k]) * _square);
            }
        }
    }
}
