using System.Numerics;
using RevUp.Data.Volumes;

namespace RevUp.Data.Dense;

/// <summary>
/// Resamples volumes axis by axis through cubic B-splines that pass through the values; position i
/// of the result lies at (i + 1/2) · n / m − 1/2, held within the volume.
/// </summary>
/// <remarks>
/// Volumes continue by mirroring at the centres of their ends. Where no axis shrinks, the memory
/// beside the source is the result and one plane. Source: Unser, Aldroubi and Eden, B-spline signal processing, part II (IEEE TSP 41, 1993); as
/// scipy.ndimage with order 3 and mode 'mirror'.
/// </remarks>
internal static class CubicResampler
{
    private const float Pole = -0.26794919243112270647f; // √3 − 2
    private const int Horizon = 24; // Pole^24 is below 2^-45
    private const int Columns = 256; // of one strip, in floats

    /// <summary>Resamples [D, H, W, C].</summary>
    /// <param name="source">Its values; they stay as they are.</param>
    /// <param name="from">Its extents.</param>
    /// <param name="to">Extents of the result.</param>
    /// <param name="nearest">
    /// The axis, 0 for D to 2 for W, along which the nearest position is taken; null for none.
    /// </param>
    /// <returns>The source itself where the extents are equal.</returns>
    public static float[] Resize(float[] source, VolumeExtents from, VolumeExtents to, int? nearest)
    {
        int[] before = [from.Depth, from.Height, from.Width], after = [to.Depth, to.Height, to.Width];
        if (before.SequenceEqual(after))
        {
            return source;
        }
        double largest = 0, count = from.Count;
        for (int axis = 0; axis < 3; axis++)
        {
            count = count / before[axis] * after[axis];
            largest = Math.Max(largest, count);
        }
        float[] buffer = GC.AllocateUninitializedArray<float>(checked((int)Math.Round(largest)));
        ReadOnlySpan<float> input = source;
        int outer = 1, inner = (int)(from.Count / from.Depth);
        for (int axis = 0; axis < 3; axis++)
        {
            Pass(input, buffer, outer, before[axis], after[axis], inner, axis == nearest);
            outer *= after[axis];
            inner = axis == 2 ? inner : inner / before[axis + 1];
            input = default; // from here on in the buffer itself
        }
        return buffer.Length == (int)to.Count ? buffer : buffer[..(int)to.Count];
    }

    // [outer, n, inner] to [outer, m, inner]; an empty source is at the start of the buffer. A
    // block that grows is read from the end of the result's room, so that no write reaches a block
    // that is still to be read.
    private static void Pass(
        ReadOnlySpan<float> source, float[] buffer, int outer, int n, int m, int inner, bool isNearest)
    {
        int block = n * inner, result = m * inner;
        bool isInPlace = source.IsEmpty;
        if (n == m)
        {
            source.CopyTo(buffer);
            return;
        }
        int first = isInPlace && m > n ? outer * (result - block) : 0;
        if (first > 0)
        {
            Array.Copy(buffer, 0, buffer, first, outer * block);
        }
        float[] copy = isInPlace ? new float[block] : [];
        Taps taps = new(n, m, isNearest);
        float[] strip = new float[n * Math.Min(inner, Columns)];
        for (int i = 0; i < outer; i++)
        {
            ReadOnlySpan<float> values = source;
            if (isInPlace)
            {
                buffer.AsSpan(first + i * block, block).CopyTo(copy);
                values = copy;
            }
            for (int column = 0; column < inner; column += Columns)
            {
                int width = Math.Min(Columns, inner - column);
                Span<float> lines = strip.AsSpan(0, n * width);
                for (int row = 0; row < n; row++)
                {
                    values.Slice(row * inner + column, width).CopyTo(lines[(row * width)..]);
                }
                if (!isNearest)
                {
                    Filter(lines, n, width);
                }
                for (int row = 0; row < m; row++)
                {
                    taps.Apply(lines, row, buffer.AsSpan(i * result + row * inner + column, width));
                }
            }
        }
    }

    // Values [n, width] to coefficients of the spline through them, in place.
    private static void Filter(Span<float> lines, int n, int width)
    {
        if (n == 1)
        {
            return;
        }
        Span<float> sum = stackalloc float[width];
        lines[..width].CopyTo(sum);
        float power = Pole;
        for (int k = 1; k <= Horizon; k++, power *= Pole)
        {
            int period = 2 * (n - 1), place = k % period;
            Add(lines.Slice((place < n ? place : period - place) * width, width), power, sum);
        }
        sum.CopyTo(lines);
        for (int row = 1; row < n; row++)
        {
            Add(lines.Slice((row - 1) * width, width), Pole, lines.Slice(row * width, width));
        }
        Span<float> last = lines.Slice((n - 1) * width, width);
        ReadOnlySpan<float> before = lines.Slice((n - 2) * width, width);
        for (int i = 0; i < width; i++)
        {
            last[i] = Pole / (Pole * Pole - 1) * (last[i] + Pole * before[i]);
        }
        for (int row = n - 2; row >= 0; row--)
        {
            Span<float> line = lines.Slice(row * width, width);
            ReadOnlySpan<float> next = lines.Slice((row + 1) * width, width);
            for (int i = 0; i < width; i++)
            {
                line[i] = Pole * (next[i] - line[i]);
            }
        }
        for (int i = 0; i < lines.Length; i++)
        {
            lines[i] *= 6;
        }
    }

    // to += factor · from
    private static void Add(ReadOnlySpan<float> from, float factor, Span<float> to)
    {
        int i = 0;
        for (Vector<float> factors = new(factor); i <= to.Length - Vector<float>.Count; i += Vector<float>.Count)
        {
            (new Vector<float>(to[i..]) + factors * new Vector<float>(from[i..])).CopyTo(to[i..]);
        }
        for (; i < to.Length; i++)
        {
            to[i] += factor * from[i];
        }
    }

    // Rows of the input and their weights for each row of the result.
    private sealed class Taps
    {
        private readonly int _count;
        private readonly int[] _rows;
        private readonly float[] _weights;

        public Taps(int n, int m, bool isNearest)
        {
            _count = isNearest || n == 1 ? 1 : 4;
            (_rows, _weights) = (new int[m * _count], new float[m * _count]);
            for (int i = 0; i < m; i++)
            {
                double place = Math.Clamp((i + 0.5) * n / m - 0.5, 0, n - 1);
                if (_count == 1)
                {
                    (_rows[i], _weights[i]) = ((int)Math.Min(Math.Floor((i + 0.5) * n / m), n - 1), 1);
                    continue;
                }
                int low = (int)place;
                double t = place - low, u = 1 - t;
                double[] weights =
                [
                    u * u * u / 6, 2.0 / 3 - t * t * (2 - t) / 2, 2.0 / 3 - u * u * (2 - u) / 2, t * t * t / 6,
                ];
                for (int tap = 0; tap < 4; tap++)
                {
                    int period = 2 * (n - 1), row = Math.Abs(low - 1 + tap) % period;
                    _rows[4 * i + tap] = row < n ? row : period - row;
                    _weights[4 * i + tap] = (float)weights[tap];
                }
            }
        }

        public void Apply(ReadOnlySpan<float> lines, int row, Span<float> to)
        {
            to.Clear();
            for (int tap = 0; tap < _count; tap++)
            {
                Add(
                    lines.Slice(_rows[row * _count + tap] * to.Length, to.Length), _weights[row * _count + tap], to);
            }
        }
    }
}
