using System.Text.Json;

namespace RevUp.Data.Dense;

/// <summary>Description of a folder of prepared cases: prepared.json.</summary>
/// <param name="Format">Version of the layout.</param>
/// <param name="Source">The folder that the cases come from.</param>
/// <param name="Preparation">Rules of all cases.</param>
/// <param name="Labels">The classes.</param>
/// <param name="Cases">Names of the cases of each part, in order.</param>
/// <remarks>
/// Each case is two files in the folder 'cases': NAME.bin with its numbers as <see
/// cref="CaseRecord"/> describes them, and NAME.json with the record, written last. So a case that
/// has its record is whole.
/// </remarks>
internal sealed record PreparedFolder(
    string Format,
    string Source,
    DensePreparation Preparation,
    CaseLabels Labels,
    IReadOnlyDictionary<string, IReadOnlyList<string>> Cases)
{
    /// <summary>The only version there is.</summary>
    public const string Version = "revup-cases-2";

    private const string FileName = "prepared.json";

    /// <summary>The description's file.</summary>
    public static string PathIn(string folder) => Path.Combine(folder, FileName);

    /// <summary>The file with a case's numbers.</summary>
    public static string Numbers(string folder, string name) => Path.Combine(folder, "cases", name + ".bin");

    /// <summary>The file with a case's record.</summary>
    public static string Record(string folder, string name) => Path.Combine(folder, "cases", name + ".json");

    /// <summary>Reads the description.</summary>
    /// <exception cref="DataFileException">
    /// It is missing, damaged or of another version.
    /// </exception>
    public static PreparedFolder Read(string folder)
    {
        string path = PathIn(folder);
        PreparedFolder read = Parse(path, PreparedJson.Default.PreparedFolder);
        if (read.Format != Version)
        {
            throw new DataFileException(
                path,
                $"its format is '{read.Format}', expected '{Version}'; run 'revup data prepare' of this version.");
        }
        int classes = read.Labels.Names.Count;
        bool isWhole = read.Preparation.Spacing.Count == 3 && read.Preparation.Spacing.All(step => step > 0)
            && read.Preparation.Channels.Count > 0 && classes > 1 && read.Labels.Values.Count == classes
            && read.Labels.Values.All(value => value is >= 0 and < VoxelLabels.Ignored)
            && (read.Labels.Regions ?? []).All(
                region => region.Labels.All(label => label >= 0 && label < classes))
            && read.Cases.Values.All(names => names is not null && !names.Contains(null!));
        return isWhole ? read : throw Contradictory(path);
    }

    /// <summary>Reads the record of a case.</summary>
    /// <exception cref="DataFileException">It is missing or damaged.</exception>
    public CaseRecord ReadRecord(string folder, string name)
    {
        string path = Record(folder, name);
        CaseRecord record = Parse(path, PreparedJson.Default.CaseRecord);
        return record.Describes(name, Preparation.Channels.Count, Labels.Names.Count)
            ? record
            : throw Contradictory(path);
    }

    private static DataFileException Contradictory(string path) => new(
        path, "its numbers contradict each other, so it is damaged; run 'revup data prepare' into another folder.");

    private static T Parse<T>(string path, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllText(path), type) ?? throw new DataFileException(
                path, "it is empty; remove it and run 'revup data prepare' again.");
        }
        catch (Exception exception) when (exception is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new DataFileException(
                path, $"it cannot be read ({exception.Message}) Run 'revup data prepare' again.", exception);
        }
    }
}
