using System.Diagnostics;

namespace RevUp.Tests.Cli;

/// <summary>Runs the tool as a process of its own, for what the entry point alone cannot show.</summary>
internal static class ToolProcess
{
    /// <summary>Starts it with both streams redirected.</summary>
    /// <param name="cpuLibrary">Where it looks for the native library; null for the same place as these tests.</param>
    /// <param name="arguments">The command line.</param>
    public static Process Start(string? cpuLibrary, params string[] arguments)
    {
        ProcessStartInfo start = new(Path.Combine(AppContext.BaseDirectory, "RevUp.Cli"), arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        if (cpuLibrary is not null)
        {
            start.Environment["REVUP_CPU_LIBRARY"] = cpuLibrary;
        }
        return Process.Start(start)!;
    }
}
