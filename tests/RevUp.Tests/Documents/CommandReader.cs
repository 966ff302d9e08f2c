using System.CommandLine;
using RevUp.Cli.Output;

namespace RevUp.Tests.Documents;

/// <summary>Finds the command lines of a document, and the faults in them.</summary>
internal static partial class CommandReader
{
    private const string BenchmarkProgram = "benchmarks/bin/Release/net10.0/RevUp.Benchmarks";

    private static readonly string[] s_buildCommands =
        [.. Names(CaseLabel(), "build.sh").SelectMany(names => names.Split(" | "))];

    private static readonly string[] s_studies = [.. Names(Study(), "benchmarks/Program.cs")];

    /// <summary>Command lines of a document: code spans, and the lines of fences.</summary>
    public static IEnumerable<(int Line, string Text)> Lines(MarkdownFile page) =>
        page.CodeSpans.Where(span => Program().Match(span.Text) is { Success: true, Index: 0 })
            .Concat(page.Fences.Where(fence => fence.Language == "bash").SelectMany(Lines));

    /// <summary>Why a command line does not parse; null when it does.</summary>
    public static string? Fault(string line)
    {
        string[] words = [.. End().Split(line)[0].Split(' ', StringSplitOptions.RemoveEmptyEntries)];
        return words switch
        {
            ["./build.sh"] or ["artifacts/revup" or "revup"] => null,
            ["./build.sh", "benchmark", .. string[] rest] => StudyFault(rest),
            [BenchmarkProgram, .. string[] rest] => StudyFault(rest),
            ["./build.sh", string command, ..] => s_buildCommands.Contains(command)
                ? null
                : $"build.sh has no command {command}",
            [_, .. string[] rest] => ToolFault([.. rest.Where(word => word != "--help")]),
            [] => null,
        };
    }

    /// <summary>Whether a recipe has a setting of this path.</summary>
    public static bool IsSetting(string path)
    {
        try
        {
            RecipeCatalog.Load("fashion-mnist", [$"{path}=null"]);
        }
        catch (ConfigurationException exception)
        {
            return !exception.Message.Contains(" is unknown", StringComparison.Ordinal);
        }
        return true;
    }

    private static IEnumerable<string> Names(Regex pattern, string file) =>
        pattern.Matches(Repository.Read(file)).Select(match => match.Groups["name"].Value);

    private static IEnumerable<(int Line, string Text)> Lines(MarkdownFile.Fence fence) =>
        fence.Text.Replace("\\\n", " ").Split('\n')
            .Select(text => (text, match: Program().Match(text)))
            .Where(found => found.match.Success)
            .Select(found => (fence.Line, found.text[found.match.Index..]));

    private static string? StudyFault(string[] words) =>
        words is [] or ["[OPTION...]", ..] || s_studies.Contains(words[0]) ? null : $"there is no study {words[0]}";

    private static string? ToolFault(string[] words)
    {
        if (words.Length == 0)
        {
            return null;
        }
        using StringWriter nowhere = new();
        Terminal terminal = new(nowhere, nowhere, outputIsTerminal: false, errorIsTerminal: false, default);
        ParseResult parsed = CommandLine.Root(terminal, new CommonOptions()).Parse(words);
        IEnumerable<string> values = words.Zip(words.Skip(1), ValueFault).OfType<string>();
        string[] faults = [.. parsed.Errors.Select(error => error.Message), .. values];
        return faults.Length > 0 ? string.Join(' ', faults) : null;
    }

    private static string? ValueFault(string option, string value) => option switch
    {
        "--recipe" when !RecipeCatalog.Names.Contains(value) && !value.EndsWith(".json", StringComparison.Ordinal) =>
            $"there is no recipe {value}",
        "--set" when !IsSetting(value.Split('=')[0]) => $"recipes have no {value}",
        _ => null,
    };

    [GeneratedRegex(@"(?<![\w./-])(\./build\.sh|artifacts/revup|revup|[\w./]+RevUp\.Benchmarks)(?= |$)")]
    private static partial Regex Program();

    // Where the shell takes over.
    [GeneratedRegex(@"\s+(?:#|>|\||&&)")]
    private static partial Regex End();

    [GeneratedRegex(@"^  (?<name>-?-?[a-z][a-z0-9 |-]*)\)", RegexOptions.Multiline)]
    private static partial Regex CaseLabel();

    [GeneratedRegex(@"\[""(?<name>[a-z-]+)""\] = ")]
    private static partial Regex Study();
}
