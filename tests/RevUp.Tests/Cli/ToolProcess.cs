using System.Diagnostics;

namespace RevUp.Tests.Cli;

/// <summary>Runs the tool as a process of its own, for what the entry point alone cannot show.</summary>
internal static class ToolProcess
{
    /// <summary>Starts it with both streams redirected.</summary>
    /// <param name="environment">A variable that these tests do not have, such as the place of a native library; null for none.</param>
    /// <param name="arguments">The command line.</param>
    public static Process Start((string Name, string Value)? environment, params string[] arguments)
    {
        ProcessStartInfo start = new(Path.Combine(AppContext.BaseDirectory, "RevUp.Cli"), arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        if (environment is (string name, string value))
        {
            start.Environment[name] = value;
        }
        return Process.Start(start)!;
    }
}
