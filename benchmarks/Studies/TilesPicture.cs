using RevUp.Formats;
using RevUp.Tensors;

namespace RevUp.Benchmarks.Studies;

/// <summary>
/// A row of panels for each network: labels of the whole, labels of the tiles, differences of
/// logits on a logarithmic scale. Of a volume, its middle plane.
/// </summary>
internal static class TilesPicture
{
    private const int Gap = 6;
    private const int Rgb = 3;

    // Of the differences; few colours compress well.
    private const double LeastExponent = -7;
    private const double MostExponent = -1;
    private const int Levels = 13;

    private static readonly byte[][] s_classes =
        [[24, 26, 34], [66, 135, 190], [240, 170, 60], [215, 70, 70], [120, 190, 110], [170, 120, 200]];

    private static readonly byte[][] s_heat =
        [[0, 0, 0], [90, 20, 110], [215, 60, 70], [250, 150, 40], [252, 250, 150]];

    /// <summary>The picture as a PNG.</summary>
    /// <param name="cases">The same case for every network.</param>
    public static byte[] Draw(IReadOnlyList<TiledCase> cases)
    {
        Shape shape = cases[0].Shape;
        int axes = shape.SpatialRank, height = shape.Extent(axes - 2), width = shape.Extent(axes - 1);
        int plane = axes == 3 ? shape.Extent(0) / 2 * height * width : 0;
        (int across, int down) = (3 * (width + Gap) - Gap, cases.Count * (height + Gap) - Gap);
        byte[] pixels = new byte[across * down * Rgb];
        pixels.AsSpan().Fill(byte.MaxValue);
        for (int row = 0; row < cases.Count; row++)
        {
            (int[] whole, int[] tiled) = (cases[row].WholeLabels, cases[row].TiledLabels);
            double[] differences = cases[row].Differences;
            Func<int, byte[]>[] panels =
            [
                i => s_classes[whole[i] % s_classes.Length],
                i => s_classes[tiled[i] % s_classes.Length],
                i => whole[i] == tiled[i] ? Heat(differences[i]) : [byte.MaxValue, byte.MaxValue, byte.MaxValue],
            ];
            for (int i = 0; i < height * width * panels.Length; i++)
            {
                (int panel, int position) = (i / (height * width), i % (height * width));
                int y = row * (height + Gap) + position / width, x = panel * (width + Gap) + position % width;
                panels[panel](plane + position).CopyTo(pixels, (y * across + x) * Rgb);
            }
        }
        return PngImage.Encode(across, down, Rgb, pixels);
    }

    private static byte[] Heat(double difference)
    {
        double exponent = Math.Clamp(Math.Log10(difference), LeastExponent, MostExponent);
        double level = Math.Round((exponent - LeastExponent) / (MostExponent - LeastExponent) * (Levels - 1));
        double place = level / (Levels - 1) * (s_heat.Length - 1);
        int stop = Math.Min((int)place, s_heat.Length - 2);
        return [.. s_heat[stop].Zip(s_heat[stop + 1], (a, b) => (byte)Math.Round(a + (b - a) * (place - stop)))];
    }
}
