namespace RevUp.Interop;

/// <summary>
/// One of NVIDIA's libraries, which others install: the system loader is asked first, then the
/// toolkit's folders, then the Python packages that carry them.
/// </summary>
/// <param name="FileNames">
/// Acceptable files with their major version, the preferred one first.
/// </param>
/// <param name="Package">
/// The folder below site-packages/nvidia, * for any, or null for a library that comes with the
/// driver alone.
/// </param>
internal sealed record NvidiaLibraryEntry(
    string Name, IReadOnlyList<string> FileNames, string? Package, string EnvironmentVariable, string Remedy,
    Action<nint, string> Verify)
    : NativeLibraryEntry(Name, string.Join(" or ", FileNames), EnvironmentVariable, Remedy, Verify)
{
    private static readonly string[] s_toolkitVariables = ["CUDA_HOME", "CUDA_PATH"];

    private static readonly string[] s_pythonVariables = ["VIRTUAL_ENV", "CONDA_PREFIX"];

    /// <summary>
    /// Places on this machine; see <see cref="Places(string?, Func{string, string?})"/>.
    /// </summary>
    internal override IReadOnlyList<string> Places(
        string? overridePath, string baseDirectory, IEnumerable<string> hostFolders) =>
        Places(overridePath, Environment.GetEnvironmentVariable);

    /// <summary>
    /// Where to look, in order; an override is the only place. A pattern that matches no folder
    /// stays listed, so that an error shows it.
    /// </summary>
    internal IReadOnlyList<string> Places(string? overridePath, Func<string, string?> environment)
    {
        if (!string.IsNullOrEmpty(overridePath))
        {
            return [overridePath];
        }

        List<string> places = [.. FileNames];
        if (Package is not null)
        {
            foreach (string folder in Toolkits(environment).Concat(PythonPackages(environment)))
            {
                places.AddRange(FileNames.Select(file => Path.Combine(folder, file)));
            }
        }

        return places;
    }

    private static IEnumerable<string> Toolkits(Func<string, string?> environment) =>
        s_toolkitVariables.Select(environment).Where(root => !string.IsNullOrEmpty(root)).Append("/usr/local/cuda")
            .Select(root => Path.Combine(root!, "lib64")).Distinct();

    private IEnumerable<string> PythonPackages(Func<string, string?> environment)
    {
        string tail = Path.Combine("nvidia", Package!, "lib");
        List<string> patterns = [.. s_pythonVariables.Select(environment).Where(root => !string.IsNullOrEmpty(root))
            .Select(root => Path.Combine(root!, "lib", "python3*", "site-packages", tail))];
        if (environment("HOME") is { Length: > 0 } home)
        {
            patterns.Add(Path.Combine(home, ".local", "lib", "python3*", "site-packages", tail));
        }

        patterns.Add(Path.Combine("/usr/local/lib", "python3*", "dist-packages", tail));
        patterns.Add(Path.Combine("/usr/local/lib", "python3*", "site-packages", tail));
        patterns.Add(Path.Combine("/usr/lib", "python3*", "dist-packages", tail));
        return patterns.SelectMany(Folders);
    }

    /// <summary>
    /// The folders that match a path with wildcards in its segments, or the pattern itself when
    /// there are none.
    /// </summary>
    private static IReadOnlyList<string> Folders(string pattern)
    {
        string[] found = ["/"];
        foreach (string segment in pattern.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            found =
                [.. found.Where(Directory.Exists).SelectMany(folder => segment.Contains('*', StringComparison.Ordinal)
                ? Directory.EnumerateDirectories(folder, segment).Order(StringComparer.Ordinal)
                : (IEnumerable<string>)[Path.Combine(folder, segment)])];
        }

        string[] existing = [.. found.Where(Directory.Exists)];
        return existing.Length == 0 ? [pattern] : existing;
    }
}
