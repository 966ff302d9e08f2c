namespace RevUp.Cli.StudyRuns;

/// <summary>A row of a study: a recipe with changes, trained once for each seed.</summary>
internal sealed record StudyRow
{
    /// <summary>Names the row in tables, and its folder.</summary>
    public string Name { get; init; } = "";

    /// <summary>A recipe's name or file.</summary>
    public string Recipe { get; init; } = "";

    /// <summary>
    /// Overrides "path=value", as <see cref="RecipeFile.Parse"/> takes them, after the study's
    /// overrides.
    /// </summary>
    public IReadOnlyList<string> Set { get; init; } = [];
}
