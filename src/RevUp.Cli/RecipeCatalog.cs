namespace RevUp.Cli;

/// <summary>The recipes that the tool carries, and those in files.</summary>
internal static class RecipeCatalog
{
    private static readonly EmbeddedFiles s_files = new("recipes/", "recipe", "recipes");

    /// <summary>Names of the recipes that the tool carries, sorted.</summary>
    public static IReadOnlyList<string> Names => s_files.Names;

    /// <summary>
    /// The recipe called <paramref name="nameOrFile"/>, validated; a carried one goes before a file
    /// of the same name.
    /// </summary>
    /// <param name="nameOrFile">Name or file.</param>
    /// <param name="overrides">"path=value", in order.</param>
    /// <param name="precision">
    /// model.precision where nothing names it; null for the library's, float32.
    /// </param>
    /// <exception cref="ConfigurationException">
    /// There is none, or it, its base or an override cannot work.
    /// </exception>
    public static Recipe Load(
        string nameOrFile, IEnumerable<string> overrides, BranchPrecision? precision = null) =>
        RecipeFile.Parse(s_files.Text(nameOrFile), nameOrFile, overrides, BasesOf(nameOrFile), precision);

    /// <summary>
    /// The recipe as it was written, with its comments; one with a base is written out.
    /// </summary>
    /// <exception cref="ConfigurationException">There is none, or its base cannot work.</exception>
    public static string Text(string nameOrFile) =>
        RecipeBase.Expand(s_files.Text(nameOrFile), nameOrFile, BasesOf(nameOrFile));

    /// <summary>
    /// Resolves <paramref name="name"/> in a file: a carried recipe, else a file beside
    /// <paramref name="file"/>, else a file as it is named.
    /// </summary>
    public static string Beside(string file, string name)
    {
        string path = Path.Combine(Path.GetDirectoryName(file) ?? "", name);
        return !Names.Contains(name) && File.Exists(path) ? path : name;
    }

    private static Func<string, string> BasesOf(string file) => name => s_files.Text(Beside(file, name));
}
