using System.Diagnostics;
using System.Text.Json;

namespace RevUp.Benchmarks.Studies;

/// <summary>
/// Draws the results of <see cref="DepthStudy"/>: memory against depth, and time against depth.
/// </summary>
internal static class PlotsStudy
{
    /// <summary>The plotter's input.</summary>
    private sealed record Chart(string Path, string Title, string XLabel, string YLabel, Series[] Series);

    /// <summary>One line of a chart.</summary>
    private sealed record Series(string Name, int[] X, double[] Y);

    public static void Run(Arguments arguments)
    {
        arguments.RequireNoOthers();
        DepthRow[] rows =
        [
            .. Report.Latest(Report.ReadRows<DepthRow>(arguments.Output, DepthStudy.Result), DepthStudy.Section)
                .Where(row => row.Sweep == DepthStudy.Peers),
        ];
        if (rows.Length == 0)
        {
            throw new StudyException(
                $"There is nothing to draw: {arguments.Output}/{DepthStudy.Result}.jsonl has no rows of the sweep "
                + $"'{DepthStudy.Peers}'. " +
                $"Measure first: ./build.sh benchmark depth --only {DepthStudy.Peers}");
        }
        int channels = rows[0].Channels;
        string subject = $"One training step, {channels}/{2 * channels}/{4 * channels} channels, 32×32, "
            + $"batch {rows[0].Batch}";
        Draw(
            Lines(
                arguments.Output, "depth-memory.png", subject, "peak memory of the process, GiB", rows,
                row => row.ProcessPeakBytes / (double)(1 << 30)),
            Lines(
                arguments.Output, "depth-time.png", subject, "time of a step, seconds", rows,
                row => row.Milliseconds.Median / 1000));
    }

    private static Chart Lines(
        string folder, string file, string title, string label, DepthRow[] rows, Func<DepthRow, double> value) =>
        new(
        Checkout.Path(folder, file),
        title,
        "residual blocks",
        label,
        [
            .. rows.GroupBy(row => row.Contender).Select(group => new Series(
                Name(group.Key), [.. group.OrderBy(row => row.Blocks).Select(row => 3 * row.Blocks)],
                [.. group.OrderBy(row => row.Blocks).Select(value)])),
        ]);

    // A reader of the picture has not read what the study calls its contenders.
    private static string Name(string contender) => contender switch
    {
        Contender.Peer => "TorchSharp",
        Contender.PeerReturning => "TorchSharp, mmap",
        _ => contender,
    };

    private static void Draw(params ReadOnlySpan<Chart> charts)
    {
        const string Assembly = "Plotter.dll";
        ExternalProgram plotter = new(Checkout.Path("benchmarks", "plotter"), "plotter", Assembly);
        if (plotter.IsOutdated(Assembly))
        {
            Report.Progress(
                "building the plotter into artifacts/plotter; the first time this downloads its packages ...");
            plotter.Build("it needs the package ScottPlot");
        }
        ProcessStartInfo start = plotter.Start();
        start.RedirectStandardInput = true;
        using Process process = Process.Start(start)!;
        foreach (Chart chart in charts)
        {
            process.StandardInput.WriteLine(JsonSerializer.Serialize(chart));
        }
        process.StandardInput.Close();
        process.WaitForExit();
        if (process.ExitCode != 0)
        {
            throw new StudyException($"The plotter ended with status {process.ExitCode}; its own message is above.");
        }
        foreach (Chart chart in charts)
        {
            Report.Progress($"written to {Path.GetRelativePath(Checkout.Root, chart.Path)}");
        }
    }
}
