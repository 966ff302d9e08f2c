using RevUp.Cli.StudyRuns;

namespace RevUp.Cli;

/// <summary>The studies that the tool carries, and those in files.</summary>
internal static class StudyCatalog
{
    private static readonly EmbeddedFiles s_files = new("studies/", "study", "studies");

    /// <summary>Names of the studies that the tool carries, sorted.</summary>
    public static IReadOnlyList<string> Names => s_files.Names;

    /// <summary>The study as it was written, with its comments.</summary>
    /// <exception cref="ConfigurationException">There is none.</exception>
    public static string Text(string nameOrFile) => s_files.Text(nameOrFile);

    /// <summary>
    /// The study called <paramref name="nameOrFile"/> and the recipe of each of its rows, all
    /// validated.
    /// </summary>
    /// <param name="nameOrFile">
    /// A carried study goes before a file of the same name. Recipes in files are looked for beside
    /// the study first.
    /// </param>
    /// <param name="overrides">Of every row, after its own.</param>
    /// <param name="precision">model.precision of the rows that name none.</param>
    /// <exception cref="ConfigurationException">
    /// There is none, or it, a recipe or an override cannot work.
    /// </exception>
    public static (Study Study, IReadOnlyList<Recipe> Recipes) Load(
        string nameOrFile, IEnumerable<string> overrides, BranchPrecision? precision = null)
    {
        Study study = StudyFile.Parse(Text(nameOrFile), nameOrFile);
        Recipe LoadRecipe(string name, IEnumerable<string> set) =>
            RecipeCatalog.Load(RecipeCatalog.Beside(nameOrFile, name), set, precision);
        return (study, StudyFile.Resolve(study, nameOrFile, overrides, LoadRecipe));
    }
}
