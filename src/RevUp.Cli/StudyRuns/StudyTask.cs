using System.Text.Json;
using RevUp.Diagnostics;

namespace RevUp.Cli.StudyRuns;

/// <summary>One run of a study: a row with a seed.</summary>
/// <param name="Row">Position of the row.</param>
/// <param name="Recipe">Of the row.</param>
/// <param name="Seed">Of the run.</param>
/// <param name="RowFolder">The row's folder.</param>
internal sealed record StudyTask(int Row, Recipe Recipe, ulong Seed, string RowFolder)
{
    /// <summary>For messages.</summary>
    public string Name => FormattableString.Invariant($"{Recipe.Name}, seed {Seed}");

    /// <summary>The run's folder.</summary>
    public string Folder => Path.Combine(RowFolder, FormattableString.Invariant($"seed-{Seed}"));

    /// <summary>Output of the run's processes.</summary>
    public string LogPath => Folder + ".log";

    /// <summary>Where the inspection of the trained network is kept.</summary>
    public string InspectionPath => Folder + ".inspection.json";

    /// <summary>
    /// Whether blocks are inverted by iteration, and there is something to inspect.
    /// </summary>
    public bool HasInspection =>
        Recipe.Model.Block == BlockKind.Invertible && Recipe.Model.Lipschitz.Mode != LipschitzMode.None;

    /// <summary>The figures of the training; null when it has not come to its end.</summary>
    /// <exception cref="ConfigurationException">The run's record is damaged.</exception>
    public RunFigures? Trained() => RunFigures.Read(Folder);

    /// <summary>The whole result; null when something of it is still to be done.</summary>
    /// <exception cref="ConfigurationException">The run's record is damaged.</exception>
    public StudyRun? Result()
    {
        if (Trained() is not { } figures || (HasInspection && !File.Exists(InspectionPath)))
        {
            return null;
        }
        Inspection? inspection = HasInspection
            ? JsonSerializer.Deserialize(File.ReadAllText(InspectionPath), DocumentJson.Default.Inspection)
            : null;
        return new StudyRun(Seed, figures, inspection);
    }
}
