namespace RevUp.Cli.StudyRuns;

/// <summary>
/// A grid of trainings, rows × seeds, and the row that the others are compared with.
/// </summary>
internal sealed record Study
{
    private const string SeedPath = "training.seed";

    /// <summary>Short name, used for folders.</summary>
    public string Name { get; init; } = "";

    /// <summary>One sentence.</summary>
    public string Description { get; init; } = "";

    /// <summary>
    /// The row that the top-1 of the others is compared with, seed by seed; the first when empty.
    /// </summary>
    public string Reference { get; init; } = "";

    /// <summary>Overrides of every row.</summary>
    public IReadOnlyList<string> Set { get; init; } = [];

    /// <summary>Seeds of weights, order and augmentation; every row is trained with each.</summary>
    public IReadOnlyList<ulong> Seeds { get; init; } = [1, 2, 3];

    /// <summary>The rows, as tables list them.</summary>
    public IReadOnlyList<StudyRow> Rows { get; init; } = [];

    /// <summary>The name of the reference.</summary>
    public string ReferenceName => Reference.Length == 0 ? Rows[0].Name : Reference;

    /// <summary>Throws when a value is outside its range, alone or together with others.</summary>
    /// <exception cref="ConfigurationException">Names the path, the value and the fix.</exception>
    public void Validate()
    {
        RequireName("name", Name);
        ConfigurationException.Require(
            Rows.Count > 0,
            $"rows is empty; name at least one, such as {{ \"name\": \"revup\", \"recipe\": \"small-revup\" }}");
        ConfigurationException.Require(Seeds.Count > 0, $"seeds is empty; name at least one, such as [1, 2, 3]");
        ConfigurationException.Require(
            Seeds.Distinct().Count() == Seeds.Count,
            $"seeds is [{string.Join(", ", Seeds)}]; every seed once, because the same seed gives the same run");
        RequireNoSeed("set", Set);
        for (int i = 0; i < Rows.Count; i++)
        {
            RequireName($"rows.{i}.name", Rows[i].Name);
            ConfigurationException.Require(
                Rows.Take(i).All(row => row.Name != Rows[i].Name),
                $"rows.{i}.name is '{Rows[i].Name}', as in an earlier row; give each row its own name");
            ConfigurationException.Require(
                Rows[i].Recipe.Length > 0, $"rows.{i}.recipe is missing; name a recipe or a recipe's file");
            RequireNoSeed($"rows.{i}.set", Rows[i].Set);
        }
        ConfigurationException.Require(
            Reference.Length == 0 || Rows.Any(row => row.Name == Reference),
            $"reference is '{Reference}', which is no row; use one of "
            + $"{string.Join(", ", Rows.Select(row => row.Name))}");
    }

    private static void RequireName(string path, string name) => ConfigurationException.Require(
        Recipes.Recipe.IsName(name),
        $"{path} is '{name}'; use letters, digits, '-', '_' and '.', because a folder is named after it");

    private static void RequireNoSeed(string path, IEnumerable<string> overrides) => ConfigurationException.Require(
        overrides.All(text => text.Split('=')[0] != SeedPath),
        $"{path} has {SeedPath}; the seeds of a study are in seeds");
}
