using RevUp.Data;
using RevUp.Models;
using RevUp.Tensors;
using RevUp.Training;

namespace RevUp.Recipes;

/// <summary>
/// Everything that determines a training run: data, network, memory policy, training.
/// </summary>
public sealed record Recipe
{
    /// <summary>Short name, used for folders.</summary>
    public string Name { get; init; } = "unnamed";

    /// <summary>One sentence.</summary>
    public string Description { get; init; } = "";

    /// <summary>Where the hyperparameters come from.</summary>
    public string Source { get; init; } = "";

    /// <summary>The data.</summary>
    public DataSettings Data { get; init; } = new();

    /// <summary>The network.</summary>
    public ModelSettings Model { get; init; } = new();

    /// <summary>The memory policy.</summary>
    public ReversibleSettings Reversible { get; init; } = new();

    /// <summary>The training.</summary>
    public TrainingSettings Training { get; init; } = new();

    /// <summary>How batches of the training set are made.</summary>
    internal BatchLoaderOptions TrainingBatches => EvaluationBatches with
    {
        Shuffle = true,
        DropLast = true,
        ReplaceDamaged = true,
        Augmentation = Data.TrainingAugmentation with { LabelSmoothing = Training.LabelSmoothing },
    };

    /// <summary>How batches of a test set are made.</summary>
    internal BatchLoaderOptions EvaluationBatches => new()
    {
        BatchSize = Training.BatchSize,
        Workers = Data.Workers,
        Prefetch = Data.Prefetch,
        Seed = Training.Seed,
        Augmentation = Data.Augmentation.ForEvaluation,
    };

    /// <summary>
    /// Parses and validates a recipe: JSON with comments. "base": NAME starts from another recipe,
    /// and "model": { "preset": NAME, … } from a preset; the other members replace theirs.
    /// </summary>
    /// <param name="json">The text.</param>
    /// <param name="origin">Where it comes from, for messages.</param>
    /// <param name="overrides">
    /// "path=value", such as "model.stages.0.blocks=6", for single values; a value that is not JSON
    /// is taken as a string.
    /// </param>
    /// <param name="read">
    /// Text of a recipe by the name that "base" gives; null where recipes have no names.
    /// </param>
    /// <remarks>
    /// A recipe that does not state data.channels or data.classes of a folder with label maps takes
    /// them from the folder's files.
    /// </remarks>
    /// <exception cref="ConfigurationException">Names the origin, the path and the fix.</exception>
    /// <exception cref="DataFileException">
    /// The folder's files do not say their channels or classes.
    /// </exception>
    public static Recipe Parse(
        string json, string origin, IEnumerable<string> overrides, Func<string, string>? read = null) =>
        RecipeFile.Parse(json, origin, overrides, read);

    /// <summary>
    /// The whole recipe as JSON, base and presets expanded, such that <see cref="Parse"/> gives it
    /// back.
    /// </summary>
    public string ToJson() => RecipeFile.Serialize(this);

    /// <summary>Throws when a value is outside its range, alone or together with others.</summary>
    /// <exception cref="ConfigurationException">Names the value and the fix.</exception>
    public void Validate()
    {
        ConfigurationException.Require(
            IsName(Name),
            $"name is '{Name}'; use letters, digits, '-', '_' and '.', because a folder is named after it");
        Data.Validate();
        Model.Validate();
        Reversible.Validate(Model);
        Training.Validate();
        Objective.Require(Model.Task, Training);
        RequireTask();
        TrainingBatches.Validate();
    }

    private void RequireTask()
    {
        ModelTask task = Model.Task;
        (bool segments, bool classifies) = (task == ModelTask.Segmentation, task == ModelTask.Classification);
        (bool maps, string name) = (Data.HasLabelMaps, ModelSettings.Name(task));
        ConfigurationException.Require(
            Data.ClassCount >= Model.LeastOutputs, $"data.classes is {Data.ClassCount}; use 2 to 100000");
        ConfigurationException.Require(
            segments || classifies || Data.Dataset == DatasetKind.Custom,
            $"model.task is '{name}', and the samples of data.dataset have one class each; use data.dataset 'custom' "
            + $"and a program's own dataset, which has targets of numbers, or the task 'classification'");
        ConfigurationException.Require(
            task != ModelTask.Regression || Data.Augmentation.CutMix == 0,
            $"data.cutMix is {Data.Augmentation.CutMix}, and the targets of a regression are no shares of an area; use "
            + $"data.mixup, or 0");
        ConfigurationException.Require(
            !segments || maps || Data.Dataset == DatasetKind.Custom,
            $"model.task is 'segmentation', and the samples of data.dataset have one label each; use a dataset with "
            + $"label maps, such as 'segmentationFolder', or the task 'classification'");
        ConfigurationException.Require(
            segments || !maps,
            $"data.dataset has a label at every position, and model.task is '{name}'; use 'segmentation'");
        ModelTask? measured = Training.ChooseBy switch
        {
            CheckpointMeasure.Auc or CheckpointMeasure.BalancedAccuracy => ModelTask.Classification,
            CheckpointMeasure.Dice or CheckpointMeasure.Iou => ModelTask.Segmentation,
            CheckpointMeasure.MeanAveragePrecision => ModelTask.MultiLabel,
            _ => null,
        };
        string measures = task switch
        {
            ModelTask.Segmentation => "'dice', 'iou', 'top1' or 'loss'",
            ModelTask.MultiLabel => "'meanAveragePrecision', 'top1' or 'loss'",
            ModelTask.Regression => "'loss'",
            _ => "'top1', 'balancedAccuracy', 'auc' or 'loss'",
        };
        ConfigurationException.Require(
            measured is null || measured == task,
            $"training.chooseBy is a measure of {Plural(measured)}, and model.task is '{name}'; use {measures}");

        static string Plural(ModelTask? task) => task switch
        {
            ModelTask.Segmentation => "segmentations",
            ModelTask.MultiLabel => "several labels",
            _ => "classifications",
        };
    }

    /// <summary>Whether a folder can be named so, on any system.</summary>
    internal static bool IsName(string name) =>
        name.Any(c => c != '.') && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.');
}
