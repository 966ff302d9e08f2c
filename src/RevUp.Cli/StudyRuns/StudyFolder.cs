namespace RevUp.Cli.StudyRuns;

/// <summary>
/// The folder of a study: runs/ROW/recipe.json, and for each seed runs/ROW/seed-N (the run), .log
/// (what its process said) and .inspection.json. A row whose recipe is another than the one in its
/// folder gets a new folder, ROW-2 and so on, so that a row never has runs of two recipes.
/// </summary>
internal sealed class StudyFolder(string root)
{
    /// <summary>
    /// The folder of the runs of a recipe, made where there is none; and whether an earlier one has
    /// runs of another recipe.
    /// </summary>
    public (string Path, bool Changed) Row(Recipe recipe)
    {
        string text = Identity(recipe);
        for (int version = 1; ; version++)
        {
            string suffix = version == 1 ? "" : string.Create(CultureInfo.InvariantCulture, $"-{version}");
            string folder = Path.Combine(root, "runs", recipe.Name + suffix);
            string path = RecipePath(folder);
            if (!File.Exists(path))
            {
                Directory.CreateDirectory(folder);
                WholeFile.Write(path, RecipeFile.Serialize(recipe));
                return (folder, version > 1);
            }
            if (Stored(path) == text)
            {
                return (folder, false);
            }
        }
    }

    /// <summary>The recipe that a row's runs are trained by, but for the seed.</summary>
    public static string RecipePath(string row) => Path.Combine(row, "recipe.json");

    // What a training depends on. A setting that came with a later version is compared by its
    // default.
    private static string Identity(Recipe recipe) =>
        RecipeFile.Serialize(recipe with { Description = "", Source = "" });

    private static string? Stored(string path)
    {
        try
        {
            return Identity(RecipeFile.Parse(File.ReadAllText(path), path, []));
        }
        catch (ConfigurationException)
        {
            return null;
        }
    }
}
