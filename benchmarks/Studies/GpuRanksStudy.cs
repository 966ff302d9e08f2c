using RevUp.Distributed;
using RevUp.Planning;
using RevUp.Recipes;
using RevUp.Reversible;
using RevUp.Tensors;

namespace RevUp.Benchmarks.Studies;

/// <summary>One way to train on ranks of GPUs.</summary>
/// <param name="CudaGraph">Whether steps are replayed as a CUDA graph.</param>
/// <param name="Ranks">Ranks of the communicator; 0 for none.</param>
/// <param name="StepMs">Median time of a step.</param>
/// <param name="HostMs">Median time that the host takes to issue one.</param>
/// <param name="ExposedMs">
/// Time of the sums that no backward pass hides, by <see cref="RankForecast"/>.
/// </param>
/// <param name="N">Steps measured.</param>
/// <param name="Device">The device and its libraries.</param>
internal sealed record GpuRanksRow(
    bool CudaGraph, int Ranks, double StepMs, double HostMs, double ExposedMs, int N, string Device);

/// <summary>
/// Time of a step without a communicator and with one of NCCL, eager and as a CUDA graph. One
/// process is a communicator of one rank. The processes of torchrun, or of tests/gpu/spawn.sh, are
/// one of all of them.
/// </summary>
internal static class GpuRanksStudy
{
    private const int Warmups = 5;

    // Of one rank, which has nobody to wait for.
    private const double Aim = 0.01;

    public static void Run(Arguments arguments)
    {
        Device device = Device.From(arguments);
        ConfigurationException.Require(
            device.Name == "cuda", $"--device is '{device.Name}', and NCCL connects GPUs; use cuda");
        RankEnvironment environment = RankEnvironment.Current();
        Recipe recipe = device.Recipe(arguments, "imagenet-revup-50");
        int blocks = arguments.Integer("--blocks", recipe.Model.BlockCount);
        int batch = arguments.Integer("--batch", 128);
        int steps = arguments.Integer("--steps", 20);
        int rounds = arguments.Integer("--rounds", 3);
        RankLink link = new(
            environment.Size, arguments.Integer("--bandwidth", 350), arguments.Integer("--latency", 30));
        arguments.RequireNoOthers();
        recipe = recipe with
        {
            Model = recipe.Model.WithBlocks(blocks),
            Training = recipe.Training with { Accumulate = 1 },
        };
        (bool Graph, bool Communicator)[] ways = [(false, false), (false, true), (true, false), (true, true)];
        List<GpuRanksRow>[] measured = [.. ways.Select(_ => new List<GpuRanksRow>())];
        for (int round = 0; round < rounds; round++)
        {
            for (int way = 0; way < ways.Length; way++)
            {
                (bool graph, bool communicator) = ways[way];
                Report.Progress($"round {round + 1}, graph {graph}, communicator {communicator} ...");
                Recipe tried = recipe with { Training = recipe.Training with { CudaGraph = graph } };
                measured[way].Add(Measure(device, tried, batch, steps, communicator ? environment : null, link));
            }
        }
        if (environment.Rank > 0)
        {
            return;
        }
        Write(arguments, device, recipe, [.. measured.Select(Median)], rounds, link);
    }

    private static GpuRanksRow Measure(
        Device device, Recipe recipe, int batch, int steps, RankEnvironment? environment, RankLink link)
    {
        using GpuTraining training = new(device, recipe, MemoryPolicy.Invert, batch, settled: true, environment);
        (double step, double host, _) = training.Measure(Warmups, steps);
        RankForecast forecast =
            RankForecast.Of(training.Work, step, passes: 1, link, overlaps: true, training.Settings.BucketBytes);
        return new GpuRanksRow(
            recipe.Training.CudaGraph, environment?.Size ?? 0, step, host,
            environment is null ? 0 : forecast.ExposedMilliseconds, steps, training.Backend.Description);
    }

    private static GpuRanksRow Median(List<GpuRanksRow> rounds) => rounds[0] with
    {
        StepMs = Statistics.Median([.. rounds.Select(row => row.StepMs)]),
        HostMs = Statistics.Median([.. rounds.Select(row => row.HostMs)]),
        ExposedMs = Statistics.Median([.. rounds.Select(row => row.ExposedMs)]),
    };

    private static void Write(
        Arguments arguments, Device device, Recipe recipe, GpuRanksRow[] rows, int rounds, RankLink link)
    {
        Report report = new("Ranks of GPUs", arguments, device.Open);
        report.Paragraph(
            $"""
            Training steps of {recipe.Name}, {recipe.Model.BlockCount} blocks, samples {recipe.Data.Sample}, in
            {device.Arithmetic(recipe)}, under `invert`, without and with a communicator of {link.Ranks} rank(s). Each
            rank trains a batch of its own. Times are medians over {rounds} rounds of the median of `n` steps; the four
            ways take turns. `exposed ms` is a forecast at {link.Gigabytes} GB/s and {link.Microseconds} us a message,
            and no measurement.
            """);
        report.Table(
            ["CUDA graph", "ranks of the communicator", "step ms", "of none", "host ms", "exposed ms", "n"],
            rows.Select(row => (string[])
            [
                row.CudaGraph ? "yes" : "",
                row.Ranks == 0 ? "none" : $"{row.Ranks}",
                $"{row.StepMs:F3}",
                $"{row.StepMs / None(row).StepMs:F4}",
                $"{row.HostMs:F3}",
                row.Ranks == 0 ? "" : $"{row.ExposedMs:F3}",
                $"{row.N}",
            ]));
        if (link.Ranks == 1)
        {
            double worst = rows.Max(row => row.StepMs / None(row).StepMs);
            report.Paragraph(
                $"A communicator of one rank: {worst:F4} times the step without one at most; {1 + Aim} is the aim: "
                + $"{(worst <= 1 + Aim ? "reached" : "not reached")}.");
        }
        report.WriteRows("gpu-ranks", rows);
        report.Write("gpu-ranks");

        GpuRanksRow None(GpuRanksRow row) => rows.First(other => other.Ranks == 0 && other.CudaGraph == row.CudaGraph);
    }
}
