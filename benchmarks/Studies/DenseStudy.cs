using System.Diagnostics;
using RevUp.Data;
using RevUp.Data.Dense;
using RevUp.Data.Volumes;
using RevUp.Runs;

namespace RevUp.Benchmarks.Studies;

/// <summary>
/// Work on volumes with label maps: the loader beside the step, surface distances, resampling, and
/// the memory of a segmentation in many classes.
/// </summary>
internal static class DenseStudy
{
    private const string Result = "dense";

    private static readonly Dictionary<string, string> s_parts = new()
    {
        ["loading"] = "Patches a second, of the loader alone and of training steps on a resident batch",
        ["distance"] = "HD95 of every class against the others, nested balls",
        ["resampling"] = "Resampling to twice the extents",
        ["classes"] = "Segmenting in many classes, a process of its own",
    };

    public static void Run(Arguments arguments)
    {
        bool quick = arguments.Quick;
        string[] parts = arguments.Words("--only", string.Join(',', s_parts.Keys));
        int rounds = arguments.Integer("--rounds", quick ? 2 : 7);
        int edge = arguments.Integer("--edge", quick ? 24 : 256);
        int patch = arguments.Integer("--patch", quick ? 16 : 64);
        int volume = arguments.Integer("--volume", quick ? 32 : 384);
        int classes = arguments.Integer("--classes", quick ? 5 : 100);
        int threads = arguments.Integer("--threads", Environment.ProcessorCount);
        arguments.RequireNoOthers();
        Tensors.ConfigurationException.Require(
            parts.All(s_parts.ContainsKey),
            $"--only is '{string.Join(',', parts)}'; there are {string.Join(", ", s_parts.Keys)}");

        Report report = new("Volumes with label maps", arguments, threads);
        IReadOnlyList<DenseRow> all = [];
        foreach (string part in parts)
        {
            Report.Progress($"{part} ...");
            IEnumerable<DenseRow> rows = part switch
            {
                "loading" => DensePatchRates.Measure(patch, threads, rounds, report.Origin),
                "distance" => Distances(edge, rounds, report.Origin),
                "resampling" => Resampling(edge, rounds, report.Origin),
                _ => DenseClasses.Measure(volume, classes, threads, report.Origin),
            };
            all = report.Merge(Result, [.. rows], row => row.Part, row => row.Name);
        }
        report.Origins(all.Select(row => row.Origin));
        foreach (IGrouping<string, DenseRow> part in all.GroupBy(row => row.Part))
        {
            report.Heading(s_parts[part.Key]);
            report.Table(DenseRow.Columns, part.Select(row => row.Cells()));
        }
        report.Write(Result);
    }

    /// <summary>Seconds of repeated work.</summary>
    public static double[] Time(int rounds, Action work) =>
    [
        .. Enumerable.Range(0, rounds).Select(_ =>
        {
            long start = Stopwatch.GetTimestamp();
            work();
            return Stopwatch.GetElapsedTime(start).TotalSeconds;
        }),
    ];

    private static IEnumerable<DenseRow> Distances(int edge, int rounds, Origin origin)
    {
        VolumeExtents extents = new(edge, edge, edge, 1);
        foreach ((int classes, bool isNoisy) in new[] { (2, false), (4, false), (4, true) })
        {
            ushort[] truth = Balls(edge, classes, 0, isNoisy: false), found = Balls(edge, classes, 3, isNoisy);
            double[] seconds = Time(rounds, () => new SegmentationTally(classes).Compare(
                "case", found, truth, extents, new VolumeSpacing(1.5, 0.9, 0.9)));
            string stray = isNoisy ? ", 0.1 % stray voxels" : "";
            yield return DenseRow.Of("distance", $"{edge}³, {classes} classes{stray}", "s", seconds, origin);
        }
    }

    // Nested balls around the middle, moved along H; class 0 is outside.
    private static ushort[] Balls(int edge, int classes, double shift, bool isNoisy)
    {
        ushort[] labels = new ushort[edge * edge * edge];
        Random random = new(1);
        double middle = edge / 2.0;
        for (int i = 0; i < labels.Length; i++)
        {
            double d = i / (edge * edge) - middle, h = i / edge % edge - middle - shift, w = i % edge - middle;
            double radius = Math.Sqrt(d * d + h * h + w * w) / (0.98 * middle);
            labels[i] = radius > 1 ? (ushort)0 : (ushort)Math.Max(1, Math.Ceiling((1 - radius) * (classes - 1)));
            if (isNoisy && random.Next(1000) == 0)
            {
                labels[i] = (ushort)random.Next(classes);
            }
        }
        return labels;
    }

    private static IEnumerable<DenseRow> Resampling(int edge, int rounds, Origin origin)
    {
        VolumeExtents from = new(edge, edge, edge, 1), to = new(2 * edge, 2 * edge, 2 * edge, 1);
        string name = $"{edge}³ to {2 * edge}³";
        float[] values = [.. Enumerable.Range(0, (int)from.Count).Select(i => (float)Math.Sin(i * 0.7))];
        List<double> shares = [];
        yield return DenseRow.Of("resampling", $"values, {name}", "s", Time(rounds, () =>
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            CubicResampler.Resize(values, from, to, null);
            shares.Add((GC.GetAllocatedBytesForCurrentThread() - before) / (sizeof(float) * to.Count));
        }), origin);
        yield return DenseRow.Of(
            "resampling", $"values, {name}: allocated in all", "bytes of the result", [.. shares], origin);
        ushort[] labels = Balls(edge, classes: 4, 0, isNoisy: false);
        yield return DenseRow.Of(
            "resampling",
            $"labels of 4 classes, {name}",
            "s",
            Time(rounds, () => LabelResampler.Resize(labels, from, to, null)),
            origin);
    }
}
