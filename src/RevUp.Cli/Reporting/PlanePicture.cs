using System.Text;

namespace RevUp.Cli.Reporting;

/// <summary>A plane of a case in SVG, the outlines of both label maps over it.</summary>
internal static class PlanePicture
{
    /// <summary>Draws a plane, its pixels stretched to their shape in mm.</summary>
    /// <param name="plane">Pixels and labels.</param>
    /// <param name="description">For readers who do not see it.</param>
    public static XElement Draw(PlaneView plane, string description) => Tag("svg",
        Attribute("viewBox", $"0 0 {plane.Width} {Number(plane.Height * plane.Aspect, "0.###")}"),
        Attribute("role", "img"),
        Attribute("aria-label", description),
        Tag("g",
            Attribute("transform", $"scale(1 {Number(plane.Aspect, "0.####")})"),
            Tag("image",
                Attribute("href", PngImage.DataUri(plane.Width, plane.Height, plane.Channels, plane.Pixels)),
                Attribute("width", plane.Width),
                Attribute("height", plane.Height),
                Attribute("preserveAspectRatio", "none")),
            Tag("path", Class("contour truth"), Attribute("d", Outline(plane.Truth, plane.Width))),
            Tag("path", Class("contour found"), Attribute("d", Outline(plane.Predicted, plane.Width)))));

    /// <summary>
    /// Edges between pixels of different labels as an SVG path, neighbouring edges in one line.
    /// Ignored pixels have no edges of their own.
    /// </summary>
    /// <param name="labels">[height, width].</param>
    /// <param name="width">In pixels.</param>
    public static string Outline(ushort[] labels, int width)
    {
        StringBuilder path = new();
        int height = labels.Length / width;
        for (int y = 1; y < height; y++)
        {
            Lines(width, x => Differ(labels[(y - 1) * width + x], labels[y * width + x]), (start, length) =>
                path.Append(CultureInfo.InvariantCulture, $"M{start} {y}h{length}"));
        }
        for (int x = 1; x < width; x++)
        {
            Lines(height, y => Differ(labels[y * width + x - 1], labels[y * width + x]), (start, length) =>
                path.Append(CultureInfo.InvariantCulture, $"M{x} {start}v{length}"));
        }
        return path.ToString();
    }

    private static bool Differ(ushort one, ushort other) =>
        one != other && one != VoxelLabels.Ignored && other != VoxelLabels.Ignored;

    // Runs of places where something holds.
    private static void Lines(int count, Predicate<int> holds, Action<int, int> add)
    {
        int start = -1;
        for (int i = 0; i <= count; i++)
        {
            bool isIn = i < count && holds(i);
            if (isIn && start < 0)
            {
                start = i;
            }
            else if (!isIn && start >= 0)
            {
                add(start, i - start);
                start = -1;
            }
        }
    }
}
