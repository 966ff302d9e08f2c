namespace RevUp.Tests.Architecture;

/// <summary>
/// The rooms of src/RevUp, which are its folders and its namespaces, and the arrows between them.
/// A file names a type of another room through a using directive or by a qualified name. The text
/// of the sources therefore shows every arrow.
/// </summary>
internal static partial class Rooms
{
    /// <summary>The library's folder, from the root.</summary>
    public const string Folder = "src/RevUp/";

    /// <summary>Top to bottom: a room uses the rooms below it.</summary>
    public static readonly string[] TopToBottom =
    [
        "Inference", "Runs", "Planning", "Recipes", "Training", "Diagnostics", "Models", "Reversible", "Distributed",
        "Layers", "Data", "Backends", "Formats", "Tensors",
    ];

    // "Layers.Convolution" and "Backends.Cpu": the files and folders of each room.
    private static readonly HashSet<string> s_members =
    [
        .. Repository.Files(".cs").Where(path => path.StartsWith(Folder, StringComparison.Ordinal))
            .Select(path => path[Folder.Length..].Split('/')).Where(names => names.Length > 1)
            .Select(names => $"{names[0]}.{names[1].Split('.')[0]}"),
    ];

    /// <summary>
    /// Rules that a source file breaks, each with the file, the line, the arrow and the rule.
    /// </summary>
    /// <param name="path">Path of the file, relative to the root.</param>
    /// <param name="source">Text of the file.</param>
    public static IEnumerable<string> Violations(string path, string source)
    {
        string folder = Path.GetDirectoryName(path[Folder.Length..])!.Replace('/', '.');
        string room = folder.Split('.')[0];
        string @namespace = Namespace().Match(source).Groups["name"].Value;
        if (!TopToBottom.Contains(room))
        {
            yield return $"{path} lies in the room '{room}', which Rooms.cs does not list; move it, or add the room";
            yield break;
        }
        if (@namespace != $"RevUp.{folder}")
        {
            yield return $"{path} has the namespace '{@namespace}', not 'RevUp.{folder}': namespaces follow folders";
        }
        foreach ((int line, string other) in Arrows(source))
        {
            if (Array.IndexOf(TopToBottom, other) < Array.IndexOf(TopToBottom, room))
            {
                string order = string.Join(", ", TopToBottom);
                yield return $"{path}:{line}: {room} → {other} points up; arrows between rooms point down ({order})";
            }
        }
    }

    /// <summary>
    /// Rooms that code names, with the line; comments, and what they refer to, do not count.
    /// </summary>
    public static IEnumerable<(int Line, string Room)> Arrows(string source)
    {
        string[] lines = source.Split('\n');
        for (int i = 0; i < lines.Length; i++)
        {
            string code = Ignored().Replace(lines[i], "");
            IEnumerable<Match> qualified = Qualified().Matches(code).Where(match => s_members.Contains(match.Value));
            foreach (Match match in Using().Matches(code).Concat(qualified))
            {
                string room = match.Groups["room"].Value;
                if (TopToBottom.Contains(room))
                {
                    yield return (i + 1, room);
                }
            }
        }
    }

    /// <summary>Names of the top-level types that a source declares.</summary>
    public static IEnumerable<string> Types(string source) =>
        Declaration().Matches(source).Select(match => match.Groups["name"].Value);

    [GeneratedRegex(
        @"^(?:\w+ )+(?:class|struct|record struct|record|interface|enum|delegate \w+) (?<name>\w+)",
        RegexOptions.Multiline)]
    private static partial Regex Declaration();

    [GeneratedRegex(@"^namespace (?<name>[\w.]+);", RegexOptions.Multiline)]
    private static partial Regex Namespace();

    // Comments, and strings without code in them.
    [GeneratedRegex(@"(?<!\$)""(?:[^""\\]|\\.)*""|//.*")]
    private static partial Regex Ignored();

    [GeneratedRegex(@"\bRevUp\.(?<room>\w+)")]
    private static partial Regex Using();

    // Inside RevUp, "Layers.Convolution" needs no using directive. s_members tells a room from a
    // property of the same name.
    [GeneratedRegex(@"(?<![\w.])(?<room>[A-Z]\w+)\.[A-Z]\w*")]
    private static partial Regex Qualified();
}
