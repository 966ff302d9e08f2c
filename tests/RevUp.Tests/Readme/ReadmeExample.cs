using RevUp.Tests.Architecture;

namespace RevUp.Tests.Readme;

/// <summary>Ties an example of the README to the test that compiles and runs it.</summary>
internal static class ReadmeExample
{
    /// <summary>
    /// What stands in a source file of this folder between "// example: NAME" and "// example: end", without its indentation and without lines marked as not in
    /// the README, stands in the README, too.
    /// </summary>
    public static void AssertStandsThere(string file)
    {
        string readme = Repository.Read("README.md");
        string[] parts = [.. Parts(Repository.Read($"tests/RevUp.Tests/Readme/{file}"))];
        Assert.IsNotEmpty(parts, file);
        foreach (string part in parts)
        {
            Assert.Contains(part, readme);
        }
    }

    private static IEnumerable<string> Parts(string source)
    {
        string[] lines = source.Split('\n');
        for (int i = 0; i < lines.Length; i++)
        {
            if (!lines[i].Trim().StartsWith("// example: ", StringComparison.Ordinal) || lines[i].EndsWith("end", StringComparison.Ordinal))
            {
                continue;
            }
            int indentation = lines[i].Length - lines[i].TrimStart().Length;
            IEnumerable<string> part = lines.Skip(i + 1)
                .TakeWhile(line => line.Trim() != "// example: end")
                .Where(line => !line.EndsWith("// not in the README", StringComparison.Ordinal))
                .Select(line => line[Math.Min(indentation, line.Length)..]);
            yield return string.Join('\n', part);
        }
    }
}
