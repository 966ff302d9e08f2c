namespace RevUp.Tests.Documents;

/// <summary>
/// Examples that this folder's tests compile and run: the lines between "// example: NAME" and
/// "// example: end", without their indentation and without lines marked "// not shown".
/// </summary>
internal static class CompiledExamples
{
    private const string Folder = "tests/RevUp.Tests/Documents/";
    private const string Start = "// example: ";
    private const string End = Start + "end";

    private static readonly string[][] s_files =
        [.. Repository.Files(".cs").Where(path => path.StartsWith(Folder, StringComparison.Ordinal))
            .Select(path => PartsOf(Repository.Read(path).Split('\n')).ToArray())];

    /// <summary>All examples; the using directives of a file are one of their own.</summary>
    public static IEnumerable<string> Parts => s_files.SelectMany(parts => parts);

    /// <summary>
    /// Whether a text is an example, or all examples of a file with empty lines between.
    /// </summary>
    public static bool Contains(string text) =>
        Parts.Contains(text) || s_files.Any(parts => string.Join("\n\n", parts) == text);

    private static IEnumerable<string> PartsOf(string[] lines)
    {
        for (int i = 0; i < lines.Length; i++)
        {
            string line = lines[i].TrimStart();
            if (line.StartsWith(Start, StringComparison.Ordinal) && line != End)
            {
                int indentation = lines[i].Length - line.Length;
                yield return string.Join('\n', lines.Skip(i + 1)
                    .TakeWhile(next => next.Trim() != End)
                    .Where(next => !next.EndsWith("// not shown", StringComparison.Ordinal))
                    .Select(next => next[Math.Min(indentation, next.Length)..]));
            }
        }
    }
}
