namespace RevUp.Cli.Reporting;

/// <summary>
/// A run as one page for a browser: everything is in it, nothing is loaded, and nothing in it needs
/// a script.
/// </summary>
internal static class HtmlReport
{
    /// <summary>The page's file in the folder of its run.</summary>
    public const string FileName = "report.html";

    /// <summary>
    /// Writes report.html into the folder of a run: curves, classes, k and residuals, memory and
    /// times from its files; and sample predictions, from its chosen or newest checkpoint and the
    /// test set of its recipe. Where these cannot be made, the page gives the reason. A run that
    /// segments has its classes, cases and pictures from <see cref="SegmentationJson"/> instead.
    /// </summary>
    /// <param name="backend">Classifies the test set.</param>
    /// <param name="folder">The run.</param>
    /// <param name="overrides">
    /// Settings "path=value" in place of the checkpoint's recipe, such as data.path where the data
    /// was moved.
    /// </param>
    /// <returns>The path of the page.</returns>
    /// <exception cref="ConfigurationException">
    /// The folder holds no run, or nothing was trained in it yet.
    /// </exception>
    /// <exception cref="Formats.CheckpointException">Its segmentation.json is damaged.</exception>
    /// <exception cref="IOException">The page cannot be written.</exception>
    public static string Write(Backend backend, string folder, IReadOnlyList<string>? overrides = null)
    {
        string recipePath = Path.Combine(folder, TrainingRun.RecipeFileName);
        string metricsPath = Path.Combine(folder, MetricsLog.FileName);
        ConfigurationException.Require(
            File.Exists(recipePath) && File.Exists(metricsPath),
            $"'{folder}' holds no run; name the folder of a training: it has a file {MetricsLog.FileName}");
        Recipe recipe = RecipeFile.Parse(File.ReadAllText(recipePath), recipePath, []);
        RunHistory history = RunHistory.Read(metricsPath);
        ConfigurationException.Require(
            history.Steps.Count > 0, $"'{folder}' holds a run without a step in {MetricsLog.FileName}; train it first");
        RunRecord? record = RunRecord.Read(folder);
        ReportSections sections = new(recipe, history, record);
        SegmentationResult? masks = SegmentationJson.Read(folder);
        string path = Path.Combine(folder, FileName);
        WritePage(path, recipe.Name, [Tag("p", recipe.Description), sections.Tiles()],
            sections.Curves(),
            sections.Epochs(),
            masks is null
                ? ClassSection.Create(history.Final?.Result, record?.ClassNames)
                : sections.Segmentation(masks),
            sections.Inversion(),
            sections.Memory(),
            masks is null ? Predictions(backend, folder, overrides) : "",
            sections.Machine(),
            sections.Recipe());
        return path;
    }

    private static XElement Predictions(
        Backend backend, string folder, IReadOnlyList<string>? overrides)
    {
        try
        {
            using LoadedCheckpoint loaded = Checkpoint.Load(backend, folder, overrides);
            using ImageDataset data = loaded.OpenData(null);
            TestPredictions predictions = TestPredictions.Collect(
                loaded.Network, data, loaded.Normalization, loaded.Recipe.EvaluationBatches);
            return PredictionSections.Create(predictions, data, loaded.Normalization, loaded.Step);
        }
        catch (Exception exception) when (exception is RevUpException or IOException or UnauthorizedAccessException)
        {
            return Section("Predictions", $"There are none on this page: {exception.Message}");
        }
    }
}
