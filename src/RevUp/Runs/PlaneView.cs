using RevUp.Data.Volumes;

namespace RevUp.Runs;

/// <summary>One plane of a case with both label maps, for a picture of it.</summary>
/// <param name="Axis">The axis it is cut across: 0 for D, 1 for H, 2 for W.</param>
/// <param name="Index">Place on that axis.</param>
/// <param name="Width">In pixels.</param>
/// <param name="Height">In pixels.</param>
/// <param name="Aspect">Height of a pixel over its width, in mm.</param>
/// <param name="Channels">1 for grey or 3 for RGB.</param>
/// <param name="Pixels">[Height, Width, Channels], 0 to 255.</param>
/// <param name="Truth">[Height, Width].</param>
/// <param name="Predicted">[Height, Width].</param>
internal sealed record PlaneView(
    int Axis, int Index, int Width, int Height, double Aspect, int Channels, byte[] Pixels, ushort[] Truth,
    ushort[] Predicted)
{
    // Shares of the values of a plane that are shown black and white.
    private const double Black = 0.005;
    private const double White = 0.995;

    /// <summary>Cuts a plane.</summary>
    /// <param name="axis">See <see cref="Axis"/>.</param>
    /// <param name="index">See <see cref="Index"/>.</param>
    /// <param name="pixels">[D, H, W, C] in any unit.</param>
    /// <param name="predicted">[D, H, W].</param>
    /// <param name="truth">[D, H, W].</param>
    /// <param name="extents">With C.</param>
    /// <param name="spacing">In mm.</param>
    public static PlaneView Cut(
        int axis, int index, ReadOnlySpan<float> pixels, ReadOnlySpan<ushort> predicted, ReadOnlySpan<ushort> truth,
        VolumeExtents extents, VolumeSpacing spacing)
    {
        int[] sizes = [extents.Depth, extents.Height, extents.Width];
        int[] strides = [extents.Height * extents.Width, extents.Width, 1];
        double[] steps = [spacing.Depth, spacing.Height, spacing.Width];
        (int down, int across) = axis switch { 0 => (1, 2), 1 => (0, 2), _ => (0, 1) };
        // D grows upwards in a file; a picture's rows go down.
        bool isUpsideDown = down == 0;
        (int height, int width) = (sizes[down], sizes[across]);
        int shown = extents.Channels == 3 ? 3 : 1;
        float[] values = new float[height * width * shown];
        ushort[] own = new ushort[height * width], found = new ushort[height * width];
        for (int i = 0; i < own.Length; i++)
        {
            int row = isUpsideDown ? height - 1 - i / width : i / width;
            int at = index * strides[axis] + row * strides[down] + i % width * strides[across];
            (own[i], found[i]) = (truth[at], predicted[at]);
            pixels.Slice(at * extents.Channels, shown).CopyTo(values.AsSpan(i * shown));
        }
        return new PlaneView(
            axis, index, width, height, steps[down] / steps[across], shown, Bytes(values), own, found);
    }

    private static byte[] Bytes(float[] values)
    {
        float[] sorted = [.. values.Order()];
        float low = sorted[(int)(Black * (sorted.Length - 1))], high = sorted[(int)(White * (sorted.Length - 1))];
        float scale = high > low ? byte.MaxValue / (high - low) : 0;
        return [.. values.Select(value => (byte)Math.Clamp((value - low) * scale, 0, byte.MaxValue))];
    }
}
