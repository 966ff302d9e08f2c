using System.CommandLine;
using System.Globalization;
using RevUp.Backends;
using RevUp.Backends.Cpu;

namespace RevUp.Cli;

/// <summary>The options that every command takes.</summary>
internal sealed class CommonOptions
{
    /// <summary>0, which the backend takes for all processors, when not given.</summary>
    public Option<int> Threads { get; } = new("--threads")
    {
        Description = "Threads of the CPU backend; all processors by default.",
        HelpName = "N",
        Recursive = true,
    };

    public Option<ulong?> Seed { get; } = new("--seed")
    {
        Description = "Seed of weights, order and augmentation, instead of the recipe's.",
        HelpName = "N",
        Recursive = true,
    };

    public Option<bool> Json { get; } = new("--json")
    {
        Description = "Print the result as one JSON document on standard output.",
        Recursive = true,
    };

    public Option<bool> Verbose { get; } = new("--verbose")
    {
        Description = "Show the stack trace of an error (or set REVUP_DEBUG=1).",
        Recursive = true,
    };

    public void AddTo(Command root)
    {
        root.Add(Threads);
        root.Add(Seed);
        root.Add(Json);
        root.Add(Verbose);
    }

    /// <summary>A backend on the device that was asked for; the caller disposes it.</summary>
    public Backend OpenBackend(ParseResult arguments) => new CpuBackend(arguments.GetValue(Threads));

    /// <summary>The options with which another command line computes on the same device.</summary>
    public IEnumerable<string> SameDevice(ParseResult arguments)
    {
        int threads = arguments.GetValue(Threads);
        return threads == 0 ? [] : [Threads.Name, threads.ToString(CultureInfo.InvariantCulture)];
    }
}
