namespace RevUp.Operations.Reading;

/// <summary>A parameter of a C function.</summary>
/// <param name="Type">Its type without const and stars.</param>
/// <param name="Stars">0, 1 or 2.</param>
/// <param name="IsConst">Whether it points at something that is only read.</param>
/// <param name="Name">As in C.</param>
internal sealed record CParameter(string Type, int Stars, bool IsConst, string Name);

/// <summary>A function with the comment above it, without its slashes.</summary>
/// <param name="Returns">Its type with stars.</param>
/// <param name="Name">As in C.</param>
/// <param name="Parameters">In order.</param>
/// <param name="Comment">The lines for readers.</param>
/// <param name="Description">The lines that begin with @, with ";" between them.</param>
internal sealed record CFunction(
    string Returns,
    string Name,
    IReadOnlyList<CParameter> Parameters,
    IReadOnlyList<string> Comment,
    string Description);

/// <summary>
/// Reads the C of the native sources: functions, structures of doubles, and constants.
/// </summary>
internal static class CSource
{
    private static readonly string[] s_markers = ["REVUP_API ", "REVUP_ORACLE "];
    private static readonly Regex s_function =
        new(@"^REVUP_(?:API|ORACLE) (?<returns>[\w ]+?[ *]+)(?<name>\w+)\((?<parameters>[^)]*)\)");
    private static readonly Regex s_parameter =
        new(@"^(?<const>const )?(?<type>\w+(?: \w+)*?) ?(?<stars>\**) ?(?<name>\w+)$");
    private static readonly Regex s_constant = new(@"^#define (?<name>\w+) (?<value>\d+)$", RegexOptions.Multiline);
    private static readonly Regex s_structure = new(@"typedef struct \{(?<fields>[^}]*)\} (?<name>\w+);");
    private static readonly Regex s_field = new(@"^\s*(?<type>\w+) (?<names>[^;]+);", RegexOptions.Multiline);

    /// <summary>The functions that a text declares or defines, in order.</summary>
    public static IEnumerable<CFunction> Functions(string path, string text)
    {
        List<string> comment = [];
        string[] lines = text.Split('\n');
        for (int i = 0; i < lines.Length; i++)
        {
            string line = lines[i];
            if (line.StartsWith("// ", StringComparison.Ordinal))
            {
                comment.Add(line.Substring(3));
                continue;
            }
            if (s_markers.Any(marker => line.StartsWith(marker, StringComparison.Ordinal)))
            {
                StringBuilder declaration = new(line);
                while (!declaration.ToString().Contains(')'))
                {
                    declaration.Append(' ').Append(lines[++i].Trim());
                }
                yield return Function(path, declaration.ToString(), comment);
            }
            comment.Clear();
        }
    }

    /// <summary>Fields of every structure of doubles, by the structure's name.</summary>
    public static IEnumerable<KeyValuePair<string, string[]>> Structures(string text) =>
        from Match structure in s_structure.Matches(text)
        let fields = s_field.Matches(structure.Groups["fields"].Value).Cast<Match>().ToArray()
        where fields.All(field => field.Groups["type"].Value == "double")
        let names = fields.SelectMany(field => field.Groups["names"].Value.Split(',')).Select(name => name.Trim())
        select new KeyValuePair<string, string[]>(structure.Groups["name"].Value, [.. names]);

    /// <summary>The whole numbers that a text defines.</summary>
    public static IEnumerable<KeyValuePair<string, string>> Constants(string text) =>
        from Match match in s_constant.Matches(text)
        select new KeyValuePair<string, string>(match.Groups["name"].Value, match.Groups["value"].Value);

    /// <summary>The parameters between the parentheses of a declaration.</summary>
    public static IEnumerable<CParameter> Parameters(string path, string list)
    {
        foreach (string item in list.Split(',').Select(item => item.Trim()).Where(item => item is not ("" or "void")))
        {
            Match match = s_parameter.Match(item);
            if (!match.Success)
            {
                throw new UnreadableException(
                    $"{path}: the parameter '{item}' is not TYPE NAME, const TYPE *NAME or TYPE **NAME; write it so.");
            }
            yield return new CParameter(
                match.Groups["type"].Value,
                match.Groups["stars"].Length,
                match.Groups["const"].Success,
                match.Groups["name"].Value);
        }
    }

    private static CFunction Function(string path, string declaration, List<string> comment)
    {
        Match match = s_function.Match(declaration);
        if (!match.Success)
        {
            throw new UnreadableException(
                $"{path}: '{declaration}' is not REVUP_API TYPE NAME(PARAMETERS); write it so.");
        }
        // A line of dashes is a heading of the header.
        return new CFunction(
            match.Groups["returns"].Value.Replace(" ", ""),
            match.Groups["name"].Value,
            [.. Parameters(path, match.Groups["parameters"].Value)],
            [.. comment.Where(line => line[0] is not ('@' or '-'))],
            string.Join(";", comment.Where(line => line[0] == '@').Select(line => line.Substring(1).Trim())));
    }
}
