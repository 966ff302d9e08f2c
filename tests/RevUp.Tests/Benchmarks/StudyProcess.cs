namespace RevUp.Tests.Benchmarks;

/// <summary>
/// Runs a study as a user does, in a process of its own, with its results in a folder of the
/// test's.
/// </summary>
internal static class StudyProcess
{
    private const string Program = "RevUp.Benchmarks";

    // Built as these tests are, in the same configuration.
    private static readonly string s_folder = AppContext.BaseDirectory.Replace(
        "tests/RevUp.Tests", "benchmarks", StringComparison.Ordinal);

    /// <summary>Runs it to its end.</summary>
    /// <returns>Its status and what it wrote to its standard error.</returns>
    public static (int Status, string Error) Run(string study, string output, params string[] options) =>
        Run(limit: null, study, output, options);

    /// <summary>The same on a processor that REVUP_MAX_ISA limits.</summary>
    public static (int Status, string Error) RunLimited(
        string limit, string study, string output, params string[] options) =>
        Run(limit, study, output, options);

    private static (int Status, string Error) Run(string? limit, string study, string output, string[] options)
    {
        ProcessStartInfo start = new(Path.Combine(s_folder, Program), [study, "--output", output, .. options])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        if (limit is not null)
        {
            start.Environment["REVUP_MAX_ISA"] = limit;
        }
        using Process process = Process.Start(start)!;
        // Both streams are emptied at once: a full pipe would stop the process.
        process.OutputDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        string error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, error);
    }
}
