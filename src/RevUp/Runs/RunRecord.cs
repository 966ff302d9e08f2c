using RevUp.Formats;
using RevUp.Models;
using RevUp.Planning;
using RevUp.Recipes;
using RevUp.Reversible;
using RevUp.Tensors;

namespace RevUp.Runs;

/// <summary>
/// Machine, memory and time of a run, for reports: run.json. The last process that worked on the
/// run writes it.
/// </summary>
/// <param name="Device">The device, in words.</param>
/// <param name="System">The operating system.</param>
/// <param name="Runtime">.NET.</param>
/// <param name="Version">Of RevUp.</param>
/// <param name="BlockNames">First to last, as k is listed.</param>
/// <param name="Summary">How the run ended.</param>
/// <param name="PeakBytes">Peak memory by purpose.</param>
internal sealed record RunRecord(
    string Device,
    string System,
    string Runtime,
    string Version,
    IReadOnlyList<string> BlockNames,
    RunRecord.Outcome Summary,
    IReadOnlyDictionary<string, long> PeakBytes)
{
    public const string FileName = "run.json";

    /// <summary>
    /// Numbers of the network's parameters; 0 in the record of an earlier version.
    /// </summary>
    public long Parameters { get; init; }

    /// <summary>
    /// Those of layers that are not frozen; null in the record of an earlier version.
    /// </summary>
    public long? TrainedParameters { get; init; }

    /// <summary>Where the run took its first weights; null where it drew them.</summary>
    public string? InitialFrom { get; init; }

    /// <summary>The last layers that are frozen (training.freeze); null for none.</summary>
    public string? Freeze { get; init; }

    /// <summary>
    /// The most bytes of all purposes that were live at once; 0 in the record of an earlier
    /// version.
    /// </summary>
    public long TotalPeakBytes { get; init; }

    /// <summary>Median time of a step; 0 in the record of an earlier version.</summary>
    public double StepMilliseconds { get; init; }

    /// <summary>
    /// Storage type and arithmetic inside the branches; null in the record of an earlier version.
    /// </summary>
    public BranchPrecision? Precision { get; init; }

    /// <summary>Expected cost of a step; null unless the run was planned for a budget.</summary>
    public StepForecast? Forecast { get; init; }

    /// <summary>
    /// Updates of the checkpoint that the validation part chose; null where there is none.
    /// </summary>
    public long? ChosenStep { get; init; }

    /// <summary>
    /// Fraction of the training time in which the run waited for data; null in the record of an
    /// earlier version.
    /// </summary>
    public double? DataWaitShare { get; init; }

    /// <summary>
    /// Names of the classes, in the order of the labels; null in the record of an earlier version.
    /// </summary>
    public IReadOnlyList<string>? ClassNames { get; init; }

    /// <summary>
    /// Full path of the data's folder; null where the recipe names none.
    /// </summary>
    public string? DataPath { get; init; }

    /// <summary>The ranks of the run; null of one process.</summary>
    public RankRecord? Ranks { get; init; }

    /// <summary>Whether the run was stopped before its end, and after which step.</summary>
    public sealed record Outcome(bool Interrupted, long Step);

    public static void Write(
        string folder,
        RevUpNet net,
        IReadOnlyList<string> blockNames,
        RunSummary summary,
        Recipe recipe,
        IReadOnlyList<string> classNames,
        RankRecord? ranks = null)
    {
        RunRecord record = new(
            net.Backend.Description,
            RuntimeInformation.OSDescription,
            RuntimeInformation.FrameworkDescription,
            typeof(RunRecord).Assembly.GetName().Version!.ToString(3),
            blockNames,
            new Outcome(summary.Interrupted, summary.Step),
            Enum.GetValues<MemoryPurpose>()
                .ToDictionary(purpose => purpose.ToString().ToLowerInvariant(), purpose => summary.Peak[purpose]))
        {
            Parameters = net.Parameters.Count,
            TotalPeakBytes = summary.TotalPeakBytes,
            StepMilliseconds = summary.StepMilliseconds,
            Precision = net.Settings.Precision,
            Forecast = summary.Forecast,
            DataPath = recipe.Data.Path,
            InitialFrom = recipe.Model.InitialFrom,
            Freeze = recipe.Training.Trained.Freeze,
            TrainedParameters = net.Parameters.TrainedCount,
            ChosenStep = summary.ChosenStep,
            DataWaitShare = summary.DataWaitShare,
            ClassNames = classNames,
            Ranks = ranks,
        };
        WholeFile.Write(
            Path.Combine(folder, FileName), JsonSerializer.Serialize(record, RunRecordJson.Default.RunRecord));
    }

    /// <summary>
    /// The record of a run, or null when it has none: it was killed before its first end.
    /// </summary>
    /// <exception cref="ConfigurationException">The file is damaged.</exception>
    public static RunRecord? Read(string folder)
    {
        string path = Path.Combine(folder, FileName);
        try
        {
            return File.Exists(path)
                ? JsonSerializer.Deserialize(File.ReadAllText(path), RunRecordJson.Default.RunRecord)
                : null;
        }
        catch (JsonException exception)
        {
            throw new ConfigurationException(
                $"'{path}' is damaged ({exception.Message}); delete it to get a report without its figures.");
        }
    }
}
