using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using RevUp.Backends.Cpu;
using RevUp.Models;
using RevUp.Recipes;

namespace RevUp.Benchmarks.Studies;

/// <summary>
/// Cost of ranks on one machine: a training on ranks of one thread beside one process with as many
/// threads, sums over ranks, and the forecast of <c>revup memory --ranks</c> beside the training.
/// </summary>
internal static class RanksStudy
{
    private static readonly string[] s_launchers = ["mpirun.openmpi", "mpirun.mpich"];

    public static void Run(Arguments arguments)
    {
        int ranks = arguments.Integer("--ranks", 2);
        int rounds = arguments.Integer("--rounds", 3);
        int steps = arguments.Integer("--steps", 100);
        string name = arguments.Text("--recipe", "fashion-mnist");
        arguments.RequireNoOthers();
        Recipe recipe = Checkout.Recipe(name);
        int elements = Elements(recipe);
        string root = Directory.CreateTempSubdirectory("revup-ranks-").FullName;
        try
        {
            Report report = new("Ranks of one machine", arguments, threads: 1);
            RankSums[] sums = [.. s_launchers.Select(launcher => Sum(launcher, ranks, elements))];
            Trainer trainer = new(name, recipe.Training.BatchSize / ranks, ranks, steps, root);
            List<double[]> times = [];
            for (int round = 1; round <= rounds; round++)
            {
                Report.Progress($"round {round} of {rounds} ...");
                times.Add([trainer.Alone(), .. s_launchers.Select(trainer.Ranked)]);
            }
            double[] medians = [.. Enumerable.Range(0, 1 + sums.Length).Select(
                contender => Statistics.Median(times.Select(round => round[contender])))];
            Trainings(report, trainer, times, medians);
            Sums(report, elements, sums, medians[1..]);
            Forecasts(report, trainer, sums, medians[1..]);
            report.Write("ranks");
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }

    private static void Trainings(Report report, Trainer trainer, List<double[]> times, double[] medians)
    {
        report.Heading("Trainings");
        report.Paragraph(
            $"{trainer.Recipe}, invert, {trainer.Ranks} passes of {trainer.Batch} samples a step. Contenders run in "
            + $"turns, {times.Count} rounds of {trainer.Steps} steps; a time is the median step of a round, in ms. "
            + $"Speed: images/s beside one process, of the medians.");
        string[] names =
        [
            $"1 process, {trainer.Ranks} threads",
            .. s_launchers.Select(launcher => $"{trainer.Ranks} ranks of 1 thread, {launcher}"),
        ];
        report.Table(
            ["contender", .. Enumerable.Range(1, times.Count).Select(round => $"round {round}"), "median", "speed"],
            names.Select((contender, i) => (string[])
            [
                contender, .. times.Select(round => $"{round[i]:F1}"), $"{medians[i]:F1}",
                $"{medians[0] / medians[i]:F3}",
            ]));
    }

    private static void Sums(Report report, int elements, RankSums[] sums, double[] steps)
    {
        report.Heading("Sums");
        report.Paragraph(
            $"Gradients of {4.0 * elements / (1 << 20):F1} MiB, medians of {SumRounds} in ms. `message` is a maximum "
            + "of one number, `join` the time until a process knows the ranks.");
        report.Table(
            ["launcher", "join", "message", "sum", "share of a step", "in rank order", "ordered : sum"],
            s_launchers.Zip(sums, steps).Select(row => (string[])
            [
                row.First, $"{row.Second.Join:F0}", $"{row.Second.Message:F3}", $"{row.Second.Sum:F2}",
                $"{row.Second.Sum / row.Third:P1}", $"{row.Second.OrderedSum:F2}",
                $"{row.Second.OrderedSum / row.Second.Sum:F2}",
            ]));
    }

    private static void Forecasts(Report report, Trainer trainer, RankSums[] sums, double[] steps)
    {
        report.Heading("Forecast");
        report.Paragraph(
            "`revup memory --ranks`, with the bandwidth and the latency of the sums above, beside the measured step. "
            + "Its pass is measured while the other processors are idle, on weights at the Lipschitz bound.");
        report.Table(
            ["launcher", "bandwidth, GB/s", "latency, µs", "pass, ms", "exposed, ms", "step, ms", "measured, ms"],
            s_launchers.Zip(sums, steps).Select(row =>
            {
                RankSums times = row.Second;
                double bandwidth = trainer.GradientBytes * 2.0 * (trainer.Ranks - 1) / trainer.Ranks
                    / (1e6 * (times.Sum - times.Message));
                JsonElement forecast = trainer.Forecast(bandwidth, 1e3 * times.Message);
                JsonElement shared = forecast.GetProperty("ranks");
                return (string[])
                [
                    row.First, $"{bandwidth:F2}", $"{1e3 * times.Message:F0}", Number(forecast, "stepMilliseconds"),
                    Number(shared, "exposedMilliseconds"), Number(shared, "stepMilliseconds"), $"{row.Third:F1}",
                ];
            }));

        static string Number(JsonElement row, string member) => $"{row.GetProperty(member).GetDouble():F1}";
    }

    private const int SumRounds = 30;

    private static RankSums Sum(string launcher, int ranks, int elements)
    {
        ProcessStartInfo self = Worker.Self(RankSums.WorkerName, $"{elements}", $"{SumRounds}");
        return JsonSerializer.Deserialize<RankSums>(
            Trainer.Output(Trainer.Launch(launcher, ranks, self.FileName, self.ArgumentList)))!;
    }

    private static int Elements(Recipe recipe)
    {
        using CpuBackend backend = new(threads: 1);
        using RevUpNet net = new(backend, recipe.Model, recipe.Data.Sample, recipe.Data.ClassCount, seed: 1);
        return (int)net.Parameters.Gradients.Count;
    }

    // Trainings of one recipe by the command-line tool of the same build.
    private sealed record Trainer(string Recipe, int Batch, int Ranks, int Steps, string Root)
    {
        private static readonly string s_tool =
            Checkout.Path("src", "RevUp.Cli", "bin", "Release", "net10.0", "RevUp.Cli");

        private int _runs;

        public long GradientBytes => 4L * Elements(Checkout.Recipe(Recipe));

        private string[] Settings =>
        [
            "--recipe", Recipe, "--set", $"training.batchSize={Batch}", "--set", $"training.accumulate={Ranks}",
            "--json",
        ];

        /// <summary>Median step of one process with a thread for each rank.</summary>
        public double Alone() => Step(new ProcessStartInfo(s_tool, Training(Ranks)));

        /// <summary>Median step of ranks of one thread.</summary>
        public double Ranked(string launcher) => Step(Launch(launcher, Ranks, s_tool, Training(threads: 1)));

        public JsonElement Forecast(double bandwidth, double microseconds)
        {
            string[] link =
            [
                "--ranks", $"{Ranks}", "--bandwidth", Text(bandwidth), "--latency", Text(microseconds), "--policy",
                "invert", "--threads", "1",
            ];
            string output = Output(new ProcessStartInfo(s_tool, ["memory", .. Settings, .. link]));
            return JsonDocument.Parse(output).RootElement.GetProperty("rows")[0];

            static string Text(double value) => value.ToString("F3", CultureInfo.InvariantCulture);
        }

        public static ProcessStartInfo Launch(
            string launcher, int ranks, string program, IEnumerable<string> arguments)
        {
            string[] binding = launcher == s_launchers[0] ? ["--bind-to", "none", "--oversubscribe"] : [];
            ProcessStartInfo start = new(launcher, [.. binding, "-np", $"{ranks}", program, .. arguments]);
            start.Environment["OMPI_ALLOW_RUN_AS_ROOT"] = start.Environment["OMPI_ALLOW_RUN_AS_ROOT_CONFIRM"] = "1";
            return start;
        }

        // The document of a program; a launcher's terminal may put control characters around it.
        public static string Output(ProcessStartInfo start)
        {
            start.RedirectStandardOutput = true;
            using Process process = Process.Start(start)!;
            string output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode == 0
                ? output[output.IndexOf('{', StringComparison.Ordinal)..(output.LastIndexOf('}') + 1)]
                : throw new StudyException($"{start.FileName} ended with status {process.ExitCode}");
        }

        private static double Step(ProcessStartInfo start) =>
            JsonDocument.Parse(Output(start)).RootElement.GetProperty("stepMilliseconds").GetDouble();

        private string[] Training(int threads) =>
        [
            "train", .. Settings, "--set", $"training.steps={Steps}", "--threads", $"{threads}", "--output",
            Path.Combine(Root, $"{_runs++}"),
        ];
    }
}
