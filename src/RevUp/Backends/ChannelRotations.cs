using System.Numerics;

namespace RevUp.Backends;

/// <summary>
/// The angles that <see cref="Backend.ChannelRotationsForward"/> makes an orthogonal matrix W = R_K
/// … R₁ [C, C] of. Stage k, K = ⌈log₂ C⌉ of them, rotates channels c and c + d, d = 2ᵏ⁻¹, for every
/// c with ⌊c/d⌋ even and c + d &lt; C: (x, x') → (cos θ·x − sin θ·x', sin θ·x + cos θ·x').
/// </summary>
/// <remarks>
/// The pattern of the fast Fourier transform (arXiv 1612.05231, section 4.3): where C is a power of
/// 2, every channel reaches every other one. Cost: C²·log₂ C a step.
/// </remarks>
internal static class ChannelRotations
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
    public static int Pairs(int channels, int distance) =>
        channels / (2 * distance) * distance + Math.Max(0, channels % (2 * distance) - distance);

    /// <summary>d of the last stage; 0 when there is none.</summary>
    public static int LargestDistance(int channels) => (int)(BitOperations.RoundUpToPowerOf2((uint)channels) / 2);
}
