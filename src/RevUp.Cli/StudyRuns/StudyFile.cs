using System.Text.Json;
using System.Text.Json.Nodes;

namespace RevUp.Cli.StudyRuns;

/// <summary>
/// Studies as JSON with comments. Unknown members, values of a wrong type and recipes that cannot
/// work are errors.
/// </summary>
internal static class StudyFile
{
    private static readonly JsonSerializerOptions s_json = SettingsFormat.Of(StudyJson.Default);

    /// <summary>Parses and validates a study.</summary>
    /// <param name="json">The text.</param>
    /// <param name="origin">Where it comes from, for messages.</param>
    /// <exception cref="ConfigurationException">Names the origin, the path and the fix.</exception>
    public static Study Parse(string json, string origin)
    {
        JsonObject root = SettingsText.Read(json, "study", origin);
        try
        {
            SettingsSchema.Check(root, s_json.Info<Study>(), "a study");
            Study study = root.Deserialize(s_json.Info<Study>())!;
            study.Validate();
            return study;
        }
        catch (ConfigurationException exception)
        {
            throw Refused(origin, exception.Message);
        }
    }

    /// <summary>
    /// The recipe of each row, all overrides applied, named after its row, with the study's first
    /// seed.
    /// </summary>
    /// <param name="study">The study.</param>
    /// <param name="origin">Where it comes from, for messages.</param>
    /// <param name="overrides">Overrides that follow the study's and the row's.</param>
    /// <param name="load">A recipe by its name or file, with overrides.</param>
    /// <exception cref="ConfigurationException">
    /// Names the origin, the row, the path and the fix.
    /// </exception>
    public static IReadOnlyList<Recipe> Resolve(
        Study study, string origin, IEnumerable<string> overrides, Func<string, IEnumerable<string>, Recipe> load)
    {
        string[] last = [.. overrides];
        return [.. study.Rows.Select((row, index) =>
        {
            try
            {
                Recipe recipe = load(row.Recipe, [.. study.Set, .. row.Set, .. last]);
                return recipe with { Name = row.Name, Training = recipe.Training with { Seed = study.Seeds[0] } };
            }
            catch (ConfigurationException exception)
            {
                throw Refused(origin, FormattableString.Invariant($"rows.{index} ('{row.Name}'): {exception.Message}"));
            }
        })];
    }

    private static ConfigurationException Refused(string origin, string problem) =>
        new($"The study '{origin}' cannot be run: {problem}");
}
