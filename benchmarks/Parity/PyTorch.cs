using System.ComponentModel;
using System.Diagnostics;

namespace RevUp.Benchmarks.Parity;

/// <summary>
/// The Python interpreter that has PyTorch, where there is one, and the scripts of the twins.
/// </summary>
internal static class PyTorch
{
    /// <summary>
    /// Names the interpreter; without it, python3 and the system's own are tried.
    /// </summary>
    public const string Variable = "REVUP_PYTHON";

    private static readonly Lazy<string?> s_interpreter = new(Find);

    /// <summary>
    /// The interpreter, or null where none of those tried imports torch and numpy.
    /// </summary>
    public static string? Interpreter => s_interpreter.Value;

    /// <summary>
    /// Runs a program to its end: its exit code and what it wrote to both streams, the standard one
    /// first.
    /// </summary>
    /// <param name="script">A script of benchmarks/pytorch, as a full path.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <exception cref="StudyException">There is no interpreter.</exception>
    public static (int ExitCode, string Output, string Errors) Run(string script, params IEnumerable<string> arguments)
    {
        string interpreter = Interpreter ?? throw new StudyException(
            "No Python with PyTorch and numpy was found; install them (Debian: python3-torch), or name an interpreter "
            + $"in {Variable}.");
        return Execute(interpreter, [script, .. arguments]);
    }

    private static string? Find()
    {
        string?[] candidates = [Environment.GetEnvironmentVariable(Variable), "python3", "/usr/bin/python3"];
        return candidates.FirstOrDefault(candidate => !string.IsNullOrEmpty(candidate) && HasTorch(candidate));
    }

    private static bool HasTorch(string interpreter)
    {
        try
        {
            return Execute(interpreter, ["-c", "import numpy, torch"]).ExitCode == 0;
        }
        catch (Win32Exception)
        {
            return false; // no such program
        }
    }

    private static (int ExitCode, string Output, string Errors) Execute(string program, IEnumerable<string> arguments)
    {
        ProcessStartInfo start =
            new(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        // The networks are small: a second thread would only wait. No compiled files beside the
        // sources.
        start.Environment["OMP_NUM_THREADS"] = "1";
        start.Environment["PYTHONDONTWRITEBYTECODE"] = "1";
        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output, errors.Result);
    }
}
