using RevUp.Recipes;
using RevUp.Tensors;

namespace RevUp.Cli;

/// <summary>The recipes that the tool carries, and those in files.</summary>
internal static class RecipeCatalog
{
    private static readonly EmbeddedFiles s_files = new("recipes/", "recipe", "recipes");

    /// <summary>Names of the recipes that the tool carries, sorted.</summary>
    public static IReadOnlyList<string> Names => s_files.Names;

    /// <summary>The recipe called <paramref name="nameOrFile"/>, validated; a carried one goes before a file of the same name.</summary>
    /// <exception cref="ConfigurationException">There is none, or it or an override cannot work.</exception>
    public static Recipe Load(string nameOrFile, IEnumerable<string> overrides) => RecipeFile.Parse(Text(nameOrFile), nameOrFile, overrides);

    /// <summary>The recipe as it was written, with its comments.</summary>
    /// <exception cref="ConfigurationException">There is none.</exception>
    public static string Text(string nameOrFile) => s_files.Text(nameOrFile);
}
