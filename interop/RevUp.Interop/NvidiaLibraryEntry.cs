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
    // Full paths of what was opened for another library, in order.
    private static readonly List<string> s_opened = [];

    private static readonly string[] s_toolkitVariables = ["CUDA_HOME", "CUDA_PATH"];

    private static readonly string[] s_pythonVariables = ["VIRTUAL_ENV", "CONDA_PREFIX"];

    /// <summary>
    /// Libraries that this one opens by name, in the order of their dependencies: each by its
    /// acceptable files. They are opened first, by their full paths, from the same installation. A
    /// name with a wildcard stands for every file that matches.
    /// </summary>
    public IReadOnlyList<string[]> Companions { get; init; } = [];

    /// <summary>
    /// Full paths of the companions' files for a library at <paramref name="place"/>: beside it, in
    /// the other packages of the same Python, or in a toolkit.
    /// </summary>
    internal IReadOnlyList<string> CompanionPaths(string place, Func<string, string?> environment)
    {
        string? folder = Path.IsPathRooted(place) ? Path.GetDirectoryName(place) : null;
        string[] folders = [.. Installation(folder).Concat(Toolkits(environment)).Where(Directory.Exists)];
        List<string> paths = [];
        foreach (string[] names in Companions)
        {
            IEnumerable<string[]> found =
                from home in folders
                from name in names
                let files = Directory.GetFiles(home, name).Order(StringComparer.Ordinal).ToArray()
                where files.Length > 0
                select files;
            paths.AddRange(found.FirstOrDefault([]));
        }

        return paths;
    }

    // What does not load is left to the library itself, whose own error says more.
    private protected override void BeforeLoadingFrom(string place)
    {
        foreach (string path in CompanionPaths(place, Environment.GetEnvironmentVariable))
        {
            if (NativeLibrary.TryLoad(path, out _))
            {
                s_opened.Add(path);
            }
        }
    }

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

        List<string> places =
            [.. s_opened.Where(path => FileNames.Contains(Path.GetFileName(path))), .. FileNames];
        if (Package is not null)
        {
            foreach (string folder in Toolkits(environment).Concat(PythonPackages(environment)))
            {
                places.AddRange(FileNames.Select(file => Path.Combine(folder, file)));
            }
        }

        return places;
    }

    // nvidia/cudnn/lib has its neighbours in nvidia/*/lib.
    private static IEnumerable<string> Installation(string? folder)
    {
        if (folder is null)
        {
            return [];
        }

        string? packages = Path.GetDirectoryName(Path.GetDirectoryName(folder));
        return Path.GetFileName(packages) == "nvidia"
            ? Folders(Path.Combine(packages!, "*", "lib")).Prepend(folder).Distinct()
            : [folder];
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
