namespace RevUp.Tests.Support;

/// <summary>Scripts of the tests that Debian's Python runs with its scientific packages.</summary>
internal static class PythonOracle
{
    private const string Python = "/usr/bin/python3"; // Debian's, for which its packages are

    /// <summary>
    /// Lines that a script prints; the test is inconclusive where a package is missing.
    /// </summary>
    /// <param name="script">Path from the root.</param>
    /// <param name="package">The Debian package that it needs.</param>
    /// <param name="arguments">Of the script.</param>
    public static string[] Run(string script, string package, params string[] arguments)
    {
        if (!File.Exists(Python))
        {
            Assert.Inconclusive($"{Python} is not there; the Debian package {package} brings it.");
        }
        ProcessStartInfo start = new(Python, [Path.Combine(Repository.Root, script), .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using Process process = Process.Start(start)!;
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        if (error.Result.Contains("No module named", StringComparison.Ordinal))
        {
            Assert.Inconclusive($"The Debian package {package} is not installed.");
        }
        Assert.AreEqual(0, process.ExitCode, error.Result);
        return output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }
}
