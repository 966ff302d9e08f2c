namespace RevUp.Tests.Architecture;

/// <summary>Phrases that make a reader read a sentence twice.</summary>
internal static partial class Phrases
{
    /// <summary>The avoided phrases in a text, also where a line ends inside one.</summary>
    public static IEnumerable<string> Avoided(string text) =>
        AvoidedPhrase().Matches(LineEnd().Replace(text, " ")).Select(match => match.Value);

    /// <summary>Summaries that start with "What" instead of a noun or a verb.</summary>
    public static IEnumerable<string> Headless(string code) => What().Matches(code).Select(match => match.Value);

    [GeneratedRegex(@"\b(that of|those of|likewise|anew|says that|so many)\b", RegexOptions.IgnoreCase)]
    private static partial Regex AvoidedPhrase();

    // With the marks of a comment, or the quotation marks of a text that goes on in the next line.
    [GeneratedRegex(@"\s*""\s*\n\s*\+ \$?""|\s*\n\s*(///?|#|\*)?\s*")]
    private static partial Regex LineEnd();

    [GeneratedRegex(@"<summary>\s*(///)?\s*What\b[^\n]*")]
    private static partial Regex What();
}
