using System.Diagnostics;

namespace RevUp.Cli.StudyRuns;

/// <summary>
/// Carries out the runs of a study, some at a time, each in processes of its own; what is done is
/// not done again.
/// </summary>
/// <param name="terminal">Gets a line for each event.</param>
/// <param name="processes">Runs this tool.</param>
/// <param name="device">The options of the device.</param>
/// <param name="done">Called after each run that was carried out, on one thread at a time.</param>
internal sealed class StudyRunner(Terminal terminal, ChildProcess processes, IReadOnlyList<string> device, Action done)
{
    private const string Images = "1000";
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(200);

    private readonly Lock _lock = new();
    private readonly List<string> _failures = [];

    /// <summary>Which runs failed, and why.</summary>
    public IReadOnlyList<string> Failures => _failures;

    /// <summary>
    /// Carries out the runs in their order; returns when all have ended, or been stopped.
    /// </summary>
    /// <param name="tasks">The runs.</param>
    /// <param name="jobs">How many at a time.</param>
    /// <param name="stop">Stops those in flight, which save, and starts no others.</param>
    public Task RunAsync(IEnumerable<StudyTask> tasks, int jobs, CancellationToken stop) =>
        Parallel.ForEachAsync(tasks, new ParallelOptions { MaxDegreeOfParallelism = jobs }, async (task, _) =>
        {
            if (!stop.IsCancellationRequested && await CompleteAsync(task, stop) && !stop.IsCancellationRequested)
            {
                lock (_lock)
                {
                    done();
                }
            }
        });

    private async ValueTask<bool> CompleteAsync(StudyTask task, CancellationToken stop)
    {
        try
        {
            long start = Stopwatch.GetTimestamp();
            if (task.Trained() is null && !await TrainAsync(task, stop))
            {
                return false;
            }
            if (task.HasInspection && !await InspectAsync(task, stop))
            {
                return false;
            }
            RunFigures figures = task.Trained()!;
            string k = figures.WorstEvaluations == 0 ? "" : $", k {Format.Evaluations(figures.MeanEvaluations)}";
            Note(
                $"{task.Name}: done in {Format.Duration(Stopwatch.GetElapsedTime(start))}, test top-1 "
                + $"{Format.Percent(figures.Test.Top1)}{k}");
            return true;
        }
        catch (Exception exception) when (exception is RevUpException or IOException or UnauthorizedAccessException)
        {
            return Fail(task, exception.Message);
        }
    }

    private async Task<bool> TrainAsync(StudyTask task, CancellationToken stop)
    {
        await FreedAsync(task, stop);
        bool resume = RunFolder.IsRun(task.Folder);
        string[] more = resume ? ["--resume"] : [];
        string[] train =
        [
            "train", "--recipe", StudyFolder.RecipePath(task.RowFolder), "--seed",
            task.Seed.ToString(CultureInfo.InvariantCulture),
            "--output", task.Folder, "--attached", .. device, .. more,
        ];
        Note($"{task.Name}: {(resume ? "goes on" : "starts")}");
        // A network that is trained on is another one than was inspected.
        File.Delete(task.InspectionPath);
        ChildResult result = await processes.RunAsync(train, task.LogPath, line => Pass(task, line), stop);
        return Judge(task, result, stop);
    }

    private async Task<bool> InspectAsync(StudyTask task, CancellationToken stop)
    {
        string[] inspect = ["inspect", "--checkpoint", task.Folder, "--images", Images, "--json", .. device];
        ChildResult result = await processes.RunAsync(inspect, task.LogPath, _ => { }, CancellationToken.None);
        if (!Judge(task, result, stop))
        {
            return false;
        }
        WholeFile.Write(task.InspectionPath, result.Output);
        return true;
    }

    private bool Judge(StudyTask task, ChildResult result, CancellationToken stop)
    {
        if (result.ExitCode == ExitCode.Success)
        {
            return true;
        }
        if (stop.IsCancellationRequested)
        {
            Note($"{task.Name}: stopped");
            return false;
        }
        return Fail(task, $"{result.LastError} (exit code {result.ExitCode}; all it said is in {task.LogPath})");
    }

    private bool Fail(StudyTask task, string reason)
    {
        string failure = $"{task.Name}: failed: {reason}";
        Note(failure);
        lock (_lock)
        {
            _failures.Add(failure);
        }
        return false;
    }

    // The process of a study that was killed still saves.
    private async Task FreedAsync(StudyTask task, CancellationToken stop)
    {
        bool waits = false;
        while (RunLock.IsHeld(task.Folder) && !stop.IsCancellationRequested)
        {
            if (!waits)
            {
                Note($"{task.Name}: waits for another process that still trains this run");
                waits = true;
            }
            await Task.Delay(Poll, CancellationToken.None);
        }
    }

    private void Pass(StudyTask task, string line)
    {
        if (Format.IsEvaluation(line))
        {
            Note($"{task.Name}: {line}");
        }
    }

    private void Note(string line)
    {
        lock (_lock)
        {
            terminal.Note(line);
        }
    }
}
