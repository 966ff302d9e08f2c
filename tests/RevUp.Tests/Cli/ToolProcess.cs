namespace RevUp.Tests.Cli;

/// <summary>
/// Runs the tool as a process of its own, for what the entry point alone cannot show.
/// </summary>
internal static class ToolProcess
{
    /// <summary>The tool.</summary>
    public static readonly string Program = Path.Combine(AppContext.BaseDirectory, "RevUp.Cli");

    /// <summary>Starts it with both streams redirected.</summary>
    /// <param name="environment">
    /// A variable that these tests do not have, such as the place of a native library; null for
    /// none.
    /// </param>
    /// <param name="arguments">The command line.</param>
    public static Process Start((string Name, string Value)? environment, params string[] arguments)
    {
        ProcessStartInfo start = Redirected(Program, arguments);
        if (environment is (string name, string value))
        {
            start.Environment[name] = value;
        }
        return Process.Start(start)!;
    }

    /// <summary>Starts it and waits for its end.</summary>
    public static ToolResult Run((string Name, string Value)? environment, params string[] arguments)
    {
        using Process process = Start(environment, arguments);
        return process.Finish();
    }

    /// <summary>
    /// Waits for the end of a process. Both streams are emptied at once: a full pipe would stop it.
    /// </summary>
    public static ToolResult Finish(this Process process)
    {
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return new ToolResult(process.ExitCode, output, error.Result);
    }

    /// <summary>Reads what a process tells until a line has this text.</summary>
    public static void WaitFor(this Process process, string text)
    {
        string? line = process.StandardError.ReadLine();
        while (line is not null && !line.Contains(text, StringComparison.Ordinal))
        {
            Assert.DoesNotContain("error:", line);
            line = process.StandardError.ReadLine();
        }
        Assert.IsNotNull(line, $"The process ended before it said '{text}'.");
    }

    /// <summary>The same with so much address space at most.</summary>
    public static Process StartLimited(long kibibytes, params string[] arguments) =>
        StartBehind(["/bin/sh", "-c", $"ulimit -v {kibibytes}; exec \"$0\" \"$@\""], arguments);

    /// <summary>
    /// The same behind a command that takes the program and its arguments, such as a shell with a
    /// script; none starts it directly.
    /// </summary>
    public static Process StartBehind(string[] command, string[] arguments)
    {
        string[] words = [.. command, Program, .. arguments];
        return Process.Start(Redirected(words[0], words[1..]))!;
    }

    /// <summary>Runs another program to its end.</summary>
    /// <param name="words">The program and its arguments.</param>
    public static ToolResult RunOther(params string[] words)
    {
        using Process process = Process.Start(Redirected(words[0], words[1..]))!;
        return process.Finish();
    }

    private static ProcessStartInfo Redirected(string file, string[] arguments) =>
        new(file, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
}
