using System.Numerics;

namespace RevUp.Layers;

/// <summary>
/// From the trained angles of a <see cref="ChannelMixing"/> to its orthogonal matrix W = R_K … R₁ [C, C], and back. Stage k, K = ⌈log₂ C⌉ of them, rotates
/// channels c and c + d, d = 2ᵏ⁻¹, for every c with ⌊c/d⌋ even and c + d &lt; C: (x, x') → (cos θ·x − sin θ·x', sin θ·x + cos θ·x').
/// </summary>
/// <remarks>
/// The pattern of the fast Fourier transform (arXiv 1612.05231, section 4.3): where C is a power of 2, every channel reaches every other one. Cost: C²·log₂ C a
/// step.
/// </remarks>
public static class ChannelRotations
{
    /// <summary>Rotations of all stages: C/2·log₂ C where C is a power of 2.</summary>
    public static int Count(int channels)
    {
        int count = 0;
        for (int distance = 1; distance < channels; distance *= 2)
        {
            count += Pairs(channels, distance);
        }
        return count;
    }

    /// <summary>Rotations of the stage with this d.</summary>
    public static int Pairs(int channels, int distance) => channels / (2 * distance) * distance + Math.Max(0, channels % (2 * distance) - distance);

    /// <summary>d of the last stage; 0 when there is none.</summary>
    public static int LargestDistance(int channels) => (int)(BitOperations.RoundUpToPowerOf2((uint)channels) / 2);

    /// <summary>Fills <paramref name="matrix"/>.</summary>
    public static void Forward(int channels, ReadOnlySpan<float> angles, Span<float> matrix)
    {
        matrix.Clear();
        for (int c = 0; c < channels; c++)
        {
            matrix[c * channels + c] = 1;
        }
        int next = 0;
        for (int distance = 1; distance < channels; distance *= 2)
        {
            int pairs = Pairs(channels, distance);
            for (int pair = 0; pair < pairs; pair++)
            {
                new Rows(matrix, channels, distance, pair).Rotate(angles[next++]);
            }
        }
    }

    /// <summary>
    /// Adds the gradient of the angles for that of W, <paramref name="matrixGradient"/>, to <paramref name="gradient"/>. Both matrices are undone stage by
    /// stage: afterwards <paramref name="matrix"/>, which was W, is the identity.
    /// </summary>
    public static void Backward(int channels, ReadOnlySpan<float> angles, Span<float> matrix, Span<float> matrixGradient, Span<float> gradient)
    {
        int first = angles.Length;
        for (int distance = LargestDistance(channels); distance > 0; distance /= 2)
        {
            int pairs = Pairs(channels, distance);
            first -= pairs;
            for (int pair = 0; pair < pairs; pair++)
            {
                Rows w = new(matrix, channels, distance, pair), g = new(matrixGradient, channels, distance, pair);
                double sum = 0;
                for (int j = 0; j < channels; j++)
                {
                    sum += (double)g.Second[j] * w.First[j] - (double)g.First[j] * w.Second[j];
                }
                gradient[first + pair] += (float)sum;
                w.Rotate(-angles[first + pair]);
                g.Rotate(-angles[first + pair]);
            }
        }
    }

    /// <summary>The two rows of a matrix that a rotation changes.</summary>
    private readonly ref struct Rows
    {
        public Rows(Span<float> matrix, int channels, int distance, int pair)
        {
            int c = pair / distance * 2 * distance + pair % distance;
            First = matrix.Slice(c * channels, channels);
            Second = matrix.Slice((c + distance) * channels, channels);
        }

        public Span<float> First { get; }

        public Span<float> Second { get; }

        public void Rotate(float angle)
        {
            (double sin, double cos) = Math.SinCos(angle);
            (float s, float c) = ((float)sin, (float)cos);
            for (int j = 0; j < First.Length; j++)
            {
                (First[j], Second[j]) = (c * First[j] - s * Second[j], s * First[j] + c * Second[j]);
            }
        }
    }
}
