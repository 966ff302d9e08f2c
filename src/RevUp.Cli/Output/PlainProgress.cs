namespace RevUp.Cli.Output;

/// <summary>
/// Progress for logs and pipes: a line at the first step, each tenth of an epoch, and after each
/// evaluation.
/// </summary>
internal sealed class PlainProgress(Terminal terminal)
{
    private const int LinesPerEpoch = 10;

    private long _next;

    public void Report(TrainingProgress at)
    {
        if (at.Evaluation is { } evaluation)
        {
            terminal.Note(Format.Line(at.Epoch, evaluation));
            return;
        }
        if (at.Step < _next && at.Step < at.Steps)
        {
            return;
        }
        long interval = Math.Max(1, at.Steps / Math.Max(1, at.Epochs * LinesPerEpoch));
        _next = (at.Step / interval + 1) * interval;
        terminal.Note($"{Format.Line(at)}  {Format.Duration(at.Remaining)} left");
    }
}
