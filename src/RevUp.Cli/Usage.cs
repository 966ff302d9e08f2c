namespace RevUp.Cli;

/// <summary>Words of a command line with their line of help.</summary>
internal static class Usage
{
    /// <summary>A word that must be there.</summary>
    public static Argument<string> Argument(string name, string description) =>
        new(name) { Description = description };

    /// <summary>An option without a value.</summary>
    public static Option<bool> Flag(string name, string description) => new(name) { Description = description };

    /// <summary>An option with a value, which help calls <paramref name="value"/>.</summary>
    public static Option<T> Option<T>(string name, string value, string description) =>
        new(name) { Description = description, HelpName = value };

    /// <summary>An option for overrides of settings, which may be repeated.</summary>
    public static Option<string[]> Overrides(string description) => new("--set")
    {
        Description = description,
        HelpName = "PATH=VALUE",
        Arity = ArgumentArity.OneOrMore,
    };
}
