namespace RevUp.Cli.Output;

/// <summary>Shows how far a piece of work is: a bar on a terminal, else twenty lines.</summary>
internal static class ProgressBar
{
    private const int Lines = 20;

    /// <summary>
    /// Runs the work, which reports the number of steps that are done and of all.
    /// </summary>
    public static T Show<T>(Terminal terminal, string name, Func<Action<int, int>, T> work)
    {
        if (!terminal.IsLive)
        {
            return work((done, all) =>
            {
                if (done % Math.Max(1, all / Lines) == 0 || done == all)
                {
                    terminal.Note(FormattableString.Invariant($"{name} {done}/{all}"));
                }
            });
        }
        return terminal.Progress.Progress().AutoClear(true).Start(context =>
        {
            ProgressTask task = context.AddTask(name);
            return work((done, all) => (task.MaxValue, task.Value) = (all, done));
        });
    }
}
