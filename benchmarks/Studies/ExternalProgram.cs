using System.Diagnostics;

namespace RevUp.Benchmarks.Studies;

/// <summary>
/// A program whose packages take hundreds of megabytes, so that it is no part of the solution:
/// built on first use from a folder beside the studies into artifacts.
/// </summary>
/// <param name="source">Its folder.</param>
/// <param name="name">Its folder in artifacts.</param>
/// <param name="assembly">Its assembly.</param>
internal sealed class ExternalProgram(string source, string name, string assembly)
{
    /// <summary>Where it is built.</summary>
    public string Output { get; } = Checkout.Path("artifacts", name, "bin");

    /// <summary>A file among its sources.</summary>
    public string Source(string file) => Path.Combine(source, file);

    /// <summary>
    /// Whether a file of its output is missing or older than its sources; ask about the file that
    /// is made last.
    /// </summary>
    public bool IsOutdated(string last)
    {
        string path = Path.Combine(Output, last);
        return !File.Exists(path)
            || File.GetLastWriteTimeUtc(path) < Directory.EnumerateFiles(source).Max(File.GetLastWriteTimeUtc);
    }

    /// <summary>Compiles it.</summary>
    /// <param name="advice">Needs of the program, for the message of a failure.</param>
    /// <exception cref="StudyException">The compiler failed.</exception>
    public void Build(string advice) =>
        Execute(advice, "dotnet", "build", source, "-c", "Release", "-o", Output, "-nologo", "-v", "quiet");

    /// <summary>Runs one stage of its build.</summary>
    /// <exception cref="StudyException">The stage failed.</exception>
    public void Execute(string advice, string program, params string[] arguments)
    {
        using Process process =
            Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true })!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0)
        {
            throw new StudyException(
                $"Building {name} failed: `{program} {string.Join(' ', arguments)}` ended with status "
                + $"{process.ExitCode} and said: " +
                $"{output.ReplaceLineEndings(" ").Trim()} -- {advice}");
        }
    }

    /// <summary>How to start it.</summary>
    public ProcessStartInfo Start(params string[] arguments) =>
        new("dotnet", [Path.Combine(Output, assembly), .. arguments]);
}
