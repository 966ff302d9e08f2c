namespace RevUp.Cli;

/// <summary>
/// Files of one kind that the tool carries, by name; any other may be given by its path.
/// </summary>
/// <param name="folder">Where the assembly has them.</param>
/// <param name="kind">Name of one file, for messages: "recipe".</param>
/// <param name="kinds">Name of several files.</param>
internal sealed class EmbeddedFiles(string folder, string kind, string kinds)
{
    private const string Extension = ".json";

    /// <summary>Names of those that the tool carries, sorted.</summary>
    public IReadOnlyList<string> Names { get; } =
    [
        .. typeof(EmbeddedFiles).Assembly.GetManifestResourceNames()
            .Where(name => name.StartsWith(folder, StringComparison.Ordinal))
            .Select(name => name[folder.Length..^Extension.Length])
            .Order(StringComparer.Ordinal),
    ];

    /// <summary>
    /// The text as it was written, with its comments; a carried file goes before one on disk of the
    /// same name.
    /// </summary>
    /// <exception cref="ConfigurationException">There is none.</exception>
    public string Text(string nameOrFile)
    {
        if (Names.Contains(nameOrFile))
        {
            using StreamReader carried = new(
                typeof(EmbeddedFiles).Assembly.GetManifestResourceStream(folder + nameOrFile + Extension)!);
            return carried.ReadToEnd();
        }
        if (File.Exists(nameOrFile))
        {
            return File.ReadAllText(nameOrFile);
        }
        throw new ConfigurationException(
            $"There is no {kind} and no file '{nameOrFile}'. The {kinds} are {string.Join(", ", Names)}; a file is "
            + "given by its path.");
    }
}
