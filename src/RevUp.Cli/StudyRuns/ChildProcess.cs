using System.Diagnostics;

namespace RevUp.Cli.StudyRuns;

/// <summary>How a process of this tool ended.</summary>
/// <param name="ExitCode">See <see cref="Cli.ExitCode"/>.</param>
/// <param name="Output">Its printed text.</param>
/// <param name="LastError">The last line of what it said.</param>
internal sealed record ChildResult(int ExitCode, string Output, string LastError);

/// <summary>This tool in processes of its own, each with its share of the processors.</summary>
/// <param name="threads">Threads of each.</param>
/// <param name="alone">
/// Whether one runs at a time; else their threads sleep where they would spin.
/// </param>
internal sealed class ChildProcess(int threads, bool alone)
{
    /// <summary>This tool's program.</summary>
    public static string Tool { get; } = Path.Combine(
        AppContext.BaseDirectory, typeof(ChildProcess).Assembly.GetName().Name!);

    /// <summary>Runs a command line to its end.</summary>
    /// <param name="arguments">The command line.</param>
    /// <param name="log">The file to which goes what it says.</param>
    /// <param name="said">Gets each of these lines, on any thread.</param>
    /// <param name="stop">
    /// Ends the process's standard input, on which a command with --attached stops; this process's
    /// end does so, too. Any other command is ended at once.
    /// </param>
    public async Task<ChildResult> RunAsync(
        IReadOnlyCollection<string> arguments, string log, Action<string> said, CancellationToken stop)
    {
        ProcessStartInfo start = new(Tool, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["OMP_NUM_THREADS"] = threads.ToString(CultureInfo.InvariantCulture);
        if (!alone)
        {
            start.Environment.TryAdd("OMP_WAIT_POLICY", "passive");
        }
        using Process process = Process.Start(start)!;
        await using CancellationTokenRegistration registration = stop.Register(
            arguments.Contains("--attached") ? process.StandardInput.Close : process.Kill);
        Task<string> output = process.StandardOutput.ReadToEndAsync(CancellationToken.None);
        string last = "";
        await using (StreamWriter file = new(log, append: true) { AutoFlush = true })
        {
            while (await process.StandardError.ReadLineAsync(CancellationToken.None) is { } line)
            {
                await file.WriteLineAsync(line);
                said(line);
                last = line.Length > 0 ? line : last;
            }
        }
        await process.WaitForExitAsync(CancellationToken.None);
        return new ChildResult(process.ExitCode, await output, last);
    }
}
