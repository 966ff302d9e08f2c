using System.Diagnostics;
using RevUp.Runs;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace RevUp.Cli.Output;

/// <summary>Progress for a terminal: two lines that are drawn over, and a line that stays for each evaluation.</summary>
internal static class LiveProgress
{
    // Often enough to look alive; a step may take a few milliseconds only.
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    // The terminal's echo of Ctrl-C must not start another line, which would not be drawn over.
    private const int RoomForEcho = 3;

    public static T Show<T>(IAnsiConsole console, Func<Action<TrainingProgress>, T> run) =>
        console.Live(new Text("loading ...")).AutoClear(true).Start(display =>
        {
            display.Refresh();
            long drawn = 0;
            return run(at =>
            {
                if (at.Evaluation is { } evaluation)
                {
                    console.WriteLine(Format.Line(at.Epoch, evaluation));
                    return;
                }
                if (drawn == 0 || at.Step == at.Steps || Stopwatch.GetElapsedTime(drawn) >= Interval)
                {
                    drawn = Stopwatch.GetTimestamp();
                    display.UpdateTarget(Draw(at, console.Profile.Width));
                }
            });
        });

    private static Rows Draw(in TrainingProgress at, int width)
    {
        double done = at.Steps == 0 ? 1 : (double)at.Step / at.Steps;
        string rest = FormattableString.Invariant($" {100 * done,3:F0} %  {Format.Duration(at.Remaining)} left");
        int length = Math.Max(1, width - rest.Length - RoomForEcho);
        int filled = (int)(done * length);
        IRenderable bar = new Markup($"[green]{new string('━', filled)}[/][grey]{new string('━', length - filled)}[/]{rest}");
        return new Rows(new Text(Format.Line(at)), bar);
    }
}
