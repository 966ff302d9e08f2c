using System.Diagnostics;
using Spectre.Console.Rendering;

namespace RevUp.Cli.Output;

/// <summary>
/// Progress for a terminal: two lines that are drawn over, and a line that stays for each
/// evaluation.
/// </summary>
internal sealed class LiveProgress
{
    // Often enough to look alive; a step may take a few milliseconds only.
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    // The terminal's echo of Ctrl-C must not start another line, which would not be drawn over.
    private const int RoomForEcho = 3;

    private readonly IAnsiConsole _console;
    private readonly LiveDisplayContext _display;
    private long _drawn;

    private LiveProgress(IAnsiConsole console, LiveDisplayContext display)
    {
        (_console, _display) = (console, display);
        display.Refresh();
    }

    /// <summary>Shows the progress of a run until it returns.</summary>
    public static RunSummary Show(IAnsiConsole console, TrainingRun run, CancellationToken stop) =>
        console.Live(new Text("loading ...")).AutoClear(true).Start(display =>
        {
            LiveProgress progress = new(console, display);
            run.Evaluating += progress.Report;
            return run.Run(progress.Report, stop);
        });

    private void Report(TrainingProgress at)
    {
        if (at.Evaluation is { } evaluation)
        {
            _console.WriteLine(Format.Line(at.Epoch, evaluation));
            return;
        }
        Draw(Format.Line(at), at.Steps == 0 ? 1 : (double)at.Step / at.Steps, at.Remaining, at.Step == at.Steps);
    }

    private void Report(EvaluationProgress at) =>
        Draw("evaluating on the test set", at.Done, at.Remaining, at.Done == 1);

    private void Draw(string line, double done, TimeSpan remaining, bool last)
    {
        if (_drawn != 0 && !last && Stopwatch.GetElapsedTime(_drawn) < Interval)
        {
            return;
        }
        _drawn = Stopwatch.GetTimestamp();
        string rest = FormattableString.Invariant($" {100 * done,3:F0} %  {Format.Duration(remaining)} left");
        int length = Math.Max(1, _console.Profile.Width - rest.Length - RoomForEcho);
        int filled = (int)(done * length);
        IRenderable bar = new Markup(
            $"[green]{new string('━', filled)}[/][grey]{new string('━', length - filled)}[/]{rest}");
        _display.UpdateTarget(new Rows(new Text(line), bar));
    }
}
