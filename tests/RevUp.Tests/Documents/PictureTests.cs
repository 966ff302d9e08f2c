using System.Numerics;

namespace RevUp.Tests.Documents;

/// <summary>The picture of the README shows the measured numbers.</summary>
[TestClass]
public sealed class PictureTests
{
    private const string Section = "## 64 channels in the first stage, batch 128";

    // Plot area of the picture: 54 blocks wide, 9.2 GiB high.
    private static readonly (double Left, double Right, double Top, double Bottom) s_area = (74, 560, 64, 410);

    [TestMethod]
    [DataRow("peer", "TorchSharp")]
    [DataRow("peer-mmap", "TorchSharp, memory returned")]
    [DataRow("store", "store")]
    [DataRow("checkpoint", "checkpoint")]
    [DataRow("compress", "compress, 8 bits")]
    [DataRow("invert", "invert")]
    public void EveryCurveIsTheMeasuredOne(string contender, string label)
    {
        string picture = Repository.Read("docs/memory-over-depth.svg");
        (int Blocks, double Mebibytes)[] rows = [.. Rows(contender)];
        Assert.HasCount(6, rows);
        string points = string.Join(' ', rows.Select(row => Point(row.Blocks, row.Mebibytes)));
        Assert.Contains($"points=\"{points}\"", picture);
        Assert.Contains(FormattableString.Invariant($">{label}: {rows[^1].Mebibytes:N0} MiB<"), picture);
    }

    private static IEnumerable<(int Blocks, double Mebibytes)> Rows(string contender)
    {
        string results = Repository.Read("benchmarks/results/depth.md");
        return results[results.IndexOf(Section, StringComparison.Ordinal)..].Split('\n')
            .Select(line => line.Split('|', StringSplitOptions.TrimEntries))
            .Where(cells => cells.Length > 9 && cells[1] == contender)
            .Select(cells => (Number<int>(cells[3]), Number<double>(cells[9])));
    }

    private static string Point(int blocks, double mebibytes)
    {
        double x = s_area.Left + (s_area.Right - s_area.Left) * blocks / 54;
        double y = s_area.Bottom - (s_area.Bottom - s_area.Top) * mebibytes / 1024 / 9.2;
        return FormattableString.Invariant($"{x:F1},{y:F1}");
    }

    private static T Number<T>(string text)
        where T : INumberBase<T> => T.Parse(text, NumberStyles.Number, CultureInfo.InvariantCulture);
}
