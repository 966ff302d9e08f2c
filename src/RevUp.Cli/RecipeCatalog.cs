using RevUp.Training;

namespace RevUp.Cli;

/// <summary>The recipes that the tool carries, and those in files.</summary>
internal static class RecipeCatalog
{
    private const string Folder = "recipes/";
    private const string Extension = ".json";

    /// <summary>Names of the recipes that the tool carries, sorted.</summary>
    public static IReadOnlyList<string> Names { get; } =
    [
        .. typeof(RecipeCatalog).Assembly.GetManifestResourceNames()
            .Where(name => name.StartsWith(Folder, StringComparison.Ordinal))
            .Select(name => name[Folder.Length..^Extension.Length])
            .Order(StringComparer.Ordinal),
    ];

    /// <summary>The recipe called <paramref name="nameOrFile"/>, validated; a carried one goes before a file of the same name.</summary>
    /// <exception cref="ConfigurationException">There is none, or it or an override cannot work.</exception>
    public static Recipe Load(string nameOrFile, IEnumerable<string> overrides) => RecipeFile.Parse(Text(nameOrFile), nameOrFile, overrides);

    /// <summary>The recipe as it was written, with its comments.</summary>
    /// <exception cref="ConfigurationException">There is none.</exception>
    public static string Text(string nameOrFile)
    {
        if (Names.Contains(nameOrFile))
        {
            using StreamReader carried = new(typeof(RecipeCatalog).Assembly.GetManifestResourceStream(Folder + nameOrFile + Extension)!);
            return carried.ReadToEnd();
        }
        if (File.Exists(nameOrFile))
        {
            return File.ReadAllText(nameOrFile);
        }
        throw new ConfigurationException(
            $"There is no recipe and no file '{nameOrFile}'. The recipes are {string.Join(", ", Names)}; a file is given by its path.");
    }
}
