namespace RevUp.Tests.Architecture;

/// <summary>
/// The checkout that the tests were built from: its root and its source files, without what builds
/// and runs leave behind.
/// </summary>
internal static class Repository
{
    private static readonly HashSet<string> s_generatedFolders =
        ["artifacts", "bin", "build", "obj", "runs", "BenchmarkDotNet.Artifacts", "TestResults"];

    /// <summary>The folder of RevUp.sln, looked for upwards from the test assembly.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>
    /// Paths of the files with one of the extensions, relative to the root, with forward slashes;
    /// every file when none is given.
    /// </summary>
    public static IReadOnlyList<string> Files(params string[] extensions) =>
        [.. Walk(new DirectoryInfo(Root)).Where(
            path => extensions.Length == 0
                || extensions.Contains(Path.GetExtension(path))).Order(StringComparer.Ordinal)];

    /// <summary>The text of a file given relative to the root.</summary>
    public static string Read(string path) => File.ReadAllText(Path.Combine(Root, path));

    private static IEnumerable<string> Walk(DirectoryInfo folder)
    {
        foreach (FileInfo file in folder.EnumerateFiles())
        {
            yield return Path.GetRelativePath(Root, file.FullName).Replace('\\', '/');
        }

        // Folders with a leading dot belong to editors and to git; .ci is ours.
        foreach (DirectoryInfo child in
            folder.EnumerateDirectories().Where(child => !s_generatedFolders.Contains(child.Name)))
        {
            if (child.Name == ".ci" || !child.Name.StartsWith('.'))
            {
                foreach (string path in Walk(child))
                {
                    yield return path;
                }
            }
        }
    }

    private static string FindRoot()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "RevUp.sln")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new InvalidOperationException(
            $"RevUp.sln is in no parent folder of {AppContext.BaseDirectory}; these tests read the sources, so run "
            + "them from a build inside the checkout.");
    }
}
