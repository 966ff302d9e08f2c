using System.CommandLine;

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
}
