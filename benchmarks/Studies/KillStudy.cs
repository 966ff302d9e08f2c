using System.Diagnostics;
using System.Text.Json.Nodes;
using RevUp.Backends.Cpu;
using RevUp.Recipes;
using RevUp.Runs;

namespace RevUp.Benchmarks.Studies;

/// <summary>
/// Whether a training that gets a signal at a random moment loses no more than it must: the newest
/// complete checkpoint loads, and the resumed run ends with the bytes of the uninterrupted one.
/// KILL loses the steps since the last checkpoint; INT, TERM, HUP, USR1 and USR2 end the step and
/// save.
/// </summary>
internal static class KillStudy
{
    private const string Recipe = """
        {
          "name": "kill",
          "data": { "dataset": "synthetic", "extents": [12, 12], "classes": 4, "trainingSamples": 256, "padding": 1,
            "flip": true },
          "model": { "downsampling": "squeeze", "stages": [ { "blocks": 2, "channels": 8 }, { "blocks": 1,
            "channels": 32, "width": 8 } ] },
          "training": { "epochs": 8, "batchSize": 16, "checkpointEverySteps": 2 }
        }
        """;

    private const string Every = "KILL,INT,TERM,HUP,USR1,USR2";
    private const int Interrupted = 130;
    private const int Terminated = 143;

    private static readonly string[] s_states = ["model.safetensors", "optimizer.safetensors"];

    public static void Run(Arguments arguments)
    {
        int kills = arguments.Integer("--kills", 20);
        int seed = arguments.Integer("--seed", 1);
        string[] signals = arguments.Words("--signals", "KILL");
        signals = signals is ["all"] ? Every.Split(',') : signals;
        arguments.RequireNoOthers();
        using CpuBackend backend = new(threads: 1);
        string root = Directory.CreateTempSubdirectory("revup-kill-").FullName;
        try
        {
            string recipe = Path.Combine(root, "recipe.json"), whole = Path.Combine(root, "whole");
            File.WriteAllText(recipe, Recipe);
            TimeSpan duration = Finish(recipe, whole, resume: false);
            Random random = new(seed);
            List<string[]> rows = [];
            IEnumerable<(string, int)> all = signals.SelectMany(
                signal => Enumerable.Range(1, kills).Select(kill => (signal, kill)));
            foreach ((string signal, int kill) in all)
            {
                string run = Path.Combine(root, $"{signal}-{kill}");
                TimeSpan moment = duration * random.NextDouble();
                string end = Kill(recipe, run, moment, signal);
                string[] found = Examine(backend, run, recipe, whole);
                rows.Add([signal, $"{kill}", $"{moment.TotalMilliseconds:F0}", end, .. found]);
                Report.Progress($"{signal} {kill} of {kills}: {string.Join(", ", rows[^1][2..])}");
                Directory.Delete(run, recursive: true);
            }
            Write(arguments, rows);
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }

    private static void Write(Arguments arguments, List<string[]> rows)
    {
        Report report = new("Trainings that get a signal, and are resumed", arguments, threads: 1);
        report.Paragraph(
            $"""
            The command-line tool trains 3 blocks for 128 steps with a checkpoint after every second one. It gets a
            signal at a moment drawn evenly from the time between its first step and its end; some fall after the
            end of a fast run. `written` is what the folder of checkpoints held besides complete ones: a kill while
            a checkpoint was being written leaves it incomplete, and it is not loaded. Then `--resume` trains to the
            end. Equal: every byte of parameters, power-iteration state and moments, and the metrics of every step
            but its time, equal the run that got no signal.
            """);
        report.Table(
            ["signal", "no.", "after, ms", "ended", "newest checkpoint, step", "written", "resumed run"], rows);
        int equal = rows.Count(row => row[^1] == "equal");
        report.Paragraph($"Equal: {equal} of {rows.Count}.");
        report.Write("kill");
        if (equal < rows.Count)
        {
            throw new StudyException(
                $"{rows.Count - equal} of {rows.Count} resumed runs differ from the uninterrupted one; the table says "
                + "which.");
        }
    }

    // The newest checkpoint, what lay beside the complete ones, and the verdict on the resumed run.
    private static string[] Examine(CpuBackend backend, string run, string recipe, string whole)
    {
        List<string> problems = [];
        string root = Path.Combine(run, Checkpoint.FolderName);
        CheckpointEntry? newest = new CheckpointFolder(root, keep: 2).Latest(problems);
        if (newest is not null)
        {
            Checkpoint.Load(backend, run).Dispose();
        }
        bool incomplete = Directory.Exists(root) && Directory.GetDirectories(root, ".incomplete-*").Length > 0;
        Finish(recipe, run, resume: true);
        bool sameState = s_states.All(file => State(whole, file).SequenceEqual(State(run, file)));
        bool equal = problems.Count == 0 && sameState && Metrics(whole).SequenceEqual(Metrics(run));
        return
        [
            newest is null ? "none yet" : $"{newest.Step}",
            incomplete ? "incomplete" : "nothing",
            equal ? "equal" : "different",
        ];
    }

    private static byte[] State(string run, string file) =>
        File.ReadAllBytes(
            Path.Combine(new CheckpointFolder(Path.Combine(run, Checkpoint.FolderName), keep: 2).Latest()!.Path, file));

    private static IEnumerable<string> Metrics(string run) =>
        File.ReadLines(Path.Combine(run, MetricsLog.FileName)).Select(line =>
    {
        JsonObject step = JsonNode.Parse(line)!.AsObject();
        step.Remove("milliseconds");
        return step.ToJsonString();
    });

    // Trains to the end; the time is that from the first step.
    private static TimeSpan Finish(string recipe, string run, bool resume)
    {
        using Process process = Start(recipe, run, resume ? ["--resume"] : []);
        bool started = WaitForFirstStep(process, out string error);
        long start = Stopwatch.GetTimestamp();
        error += process.StandardError.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 && (started || resume)
            ? Stopwatch.GetElapsedTime(start)
            : throw new StudyException($"the training in {run} ended with status {process.ExitCode}: {error}");
    }

    // How the process ended.
    private static string Kill(string recipe, string run, TimeSpan moment, string signal)
    {
        using Process process = Start(recipe, run, []);
        if (!WaitForFirstStep(process, out string error))
        {
            throw new StudyException($"the training in {run} ended before its first step: {error}");
        }
        if (!process.WaitForExit(moment))
        {
            Process.Start("kill", ["-s", signal, $"{process.Id}"]).WaitForExit();
        }
        error += process.StandardError.ReadToEnd();
        process.WaitForExit();
        // TERM ends a training at once that has saved its end and is about to go.
        return (process.ExitCode, signal) switch
        {
            (0, _) => "before it",
            (_, "KILL") => "killed",
            (Interrupted, _) => "saved",
            (Terminated, "TERM") => "at its end",
            _ => throw new StudyException(
                $"the training in {run} ended on {signal} with status {process.ExitCode}: {error}"),
        };
    }

    private static bool WaitForFirstStep(Process process, out string before)
    {
        before = "";
        while (process.StandardError.ReadLine() is { } line)
        {
            before += line + "\n";
            if (line.Contains("step ", StringComparison.Ordinal))
            {
                return true;
            }
        }
        return false;
    }

    private static Process Start(string recipe, string run, string[] options) => Process.Start(new ProcessStartInfo(
        Checkout.Path("src", "RevUp.Cli", "bin", "Release", "net10.0", "RevUp.Cli"),
        ["train", "--recipe", recipe, "--output", run, "--threads", "1", "--json", .. options])
    {
        RedirectStandardOutput = true,
        RedirectStandardError = true,
    })!;
}
