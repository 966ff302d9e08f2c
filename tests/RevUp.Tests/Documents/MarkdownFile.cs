namespace RevUp.Tests.Documents;

/// <summary>The parts of a Markdown file that tests look at.</summary>
internal sealed partial class MarkdownFile
{
    private readonly List<Fence> _fences = [];
    private readonly List<(int Line, string Text)> _paragraphs = [];
    private readonly List<string> _headings = [];

    /// <summary>Splits <paramref name="text"/> into fences, paragraphs and headings.</summary>
    /// <param name="path">Path relative to the root; links start from its folder.</param>
    /// <param name="text">Content of the file.</param>
    public MarkdownFile(string path, string text)
    {
        Path = path;
        string[] lines = text.Split('\n');
        for (int i = 0, start; i < lines.Length; i++)
        {
            string line = lines[i];
            switch (line.TrimStart())
            {
                case ['`', '`', '`', .. string language]:
                    for (start = i++; i < lines.Length && lines[i].Trim() != "```"; i++)
                    {
                    }
                    string code = string.Join('\n', lines[(start + 1)..Math.Min(i, lines.Length)]);
                    _fences.Add(new Fence(start + 1, language, code));
                    break;
                case ['#', ..]:
                    _headings.Add(line.TrimStart('#').Trim());
                    break;
                case ['|', ..]:
                    _paragraphs.AddRange(line.Split('|').Select(cell => (i + 1, cell.Trim())));
                    break;
                case "":
                    break;
                default:
                    for (start = i; i + 1 < lines.Length && !Boundary().IsMatch(lines[i + 1]); i++)
                    {
                    }
                    _paragraphs.Add((start + 1, string.Join(' ', lines[start..(i + 1)].Select(part => part.Trim()))));
                    break;
            }
        }
    }

    /// <summary>The README and the pages of docs, which the rules for documents apply to.</summary>
    public static IReadOnlyList<MarkdownFile> Pages { get; } =
        [.. All.Where(page => page.Path is "README.md" || page.Path.StartsWith("docs/", StringComparison.Ordinal))];

    /// <summary>Every Markdown file of the repository.</summary>
    public static IEnumerable<MarkdownFile> All =>
        Repository.Files(".md").Select(path => new MarkdownFile(path, Repository.Read(path)));

    /// <summary>Path relative to the root.</summary>
    public string Path { get; }

    /// <summary>Blocks of code between lines of three backquotes.</summary>
    public IReadOnlyList<Fence> Fences => _fences;

    /// <summary>
    /// Paragraphs, list items and table cells, each on one line, with its line number.
    /// </summary>
    public IReadOnlyList<(int Line, string Text)> Paragraphs => _paragraphs;

    /// <summary>Anchors of the headings, as GitHub makes them.</summary>
    public IEnumerable<string> Anchors =>
        _headings.Select(heading => NotInAnchor().Replace(heading.ToLowerInvariant(), "").Replace(' ', '-'));

    /// <summary>Text between single backquotes.</summary>
    public IEnumerable<(int Line, string Text)> CodeSpans => Matches(CodeSpan(), "code");

    /// <summary>Targets of links and images.</summary>
    public IEnumerable<(int Line, string Text)> Links => Matches(Link(), "target");

    /// <summary>Path and line, for messages.</summary>
    public string Place(int line) => $"{Path}:{line}";

    private IEnumerable<(int Line, string Text)> Matches(Regex pattern, string group) =>
        _paragraphs.SelectMany(part =>
            pattern.Matches(part.Text).Select(match => (part.Line, match.Groups[group].Value)));

    /// <summary>A block of code.</summary>
    /// <param name="Line">Line of its opening mark.</param>
    /// <param name="Language">Word behind the opening mark.</param>
    /// <param name="Text">Lines between the marks.</param>
    internal sealed record Fence(int Line, string Language, string Text);

    // A line that ends the paragraph before it: empty, a heading, a table, code, or the next item.
    [GeneratedRegex(@"^\s*($|#|\||```|[-*] |\d+\. )")]
    private static partial Regex Boundary();

    [GeneratedRegex(@"[^\w\- ]")]
    private static partial Regex NotInAnchor();

    [GeneratedRegex(@"`(?<code>[^`]+)`")]
    private static partial Regex CodeSpan();

    [GeneratedRegex(@"\]\((?<target>[^)\s]+)\)")]
    private static partial Regex Link();
}
