using RevUp.Data;
using RevUp.Data.Dense;
using RevUp.Models;
using RevUp.Recipes;
using RevUp.Tensors;
using RevUp.Training;

namespace RevUp.Runs;

/// <summary>The parts of a run's data, with what training makes of them.</summary>
internal sealed class RunData : IDisposable
{
    private readonly DataSettings _settings;
    private readonly Dictionary<DatasetSplit, ImageDataset> _parts;
    private readonly bool _isOwned;

    private RunData(DataSettings settings, Dictionary<DatasetSplit, ImageDataset> parts, bool isOwned) =>
        (_settings, _parts, _isOwned) = (settings, parts, isOwned);

    /// <summary>Samples to train on.</summary>
    public ImageDataset Train => _parts[DatasetSplit.Train];

    /// <summary>
    /// Whether a part chooses the checkpoint, so that the test part is read once, at the end.
    /// </summary>
    public bool HasValidation => _parts.ContainsKey(DatasetSplit.Validation);

    /// <summary>Whether the result is of the test part.</summary>
    public bool HasTest => _parts.ContainsKey(DatasetSplit.Test);

    /// <summary>Whether a part is evaluated after epochs.</summary>
    public bool HasHeld => _parts.ContainsKey(Held);

    /// <summary>Whether each position of a sample has a label, and not the sample.</summary>
    public bool HasLabelMaps => Train.HasLabelMaps;

    /// <summary>The part that is evaluated after epochs.</summary>
    public DatasetSplit Held => HasValidation ? DatasetSplit.Validation : DatasetSplit.Test;

    /// <summary>A part that there is.</summary>
    public ImageDataset this[DatasetSplit part] => _parts[part];

    /// <summary>
    /// Statistics that every sample is normalised with, from the training set; or the first rank's,
    /// which has read it.
    /// </summary>
    public ChannelNormalization Normalization
    {
        get => field ??= Datasets.Normalization(_settings, Train);
        set;
    }

    /// <summary>
    /// Rules by which whole cases become what the network sees; null where there are none.
    /// </summary>
    public CaseRules? CaseRules => Train is DensePatches patches ? CaseRules.Of(patches.Cases) : null;

    /// <summary>Samples as a predictor must get them; null where positions have labels.</summary>
    public ModelInput? Input => field ??= HasLabelMaps ? null : MakeInput();

    /// <summary>By what a checkpoint knows the training set again.</summary>
    public DataIdentity Identity => field ??= DataIdentity.Of(Train);

    /// <summary>The identity of each part, by the name of the part.</summary>
    public IReadOnlyDictionary<string, DataIdentity> Identities => _parts.ToDictionary(
        part => part.Key.Text(), part => part.Key == DatasetSplit.Train ? Identity : DataIdentity.Of(part.Value));

    /// <summary>Opens the parts that a recipe names; they are closed with the result.</summary>
    public static RunData Open(Recipe recipe)
    {
        ArgumentNullException.ThrowIfNull(recipe);
        Dictionary<DatasetSplit, ImageDataset> parts = [];
        try
        {
            DatasetSplit[] splits = [DatasetSplit.Train, DatasetSplit.Validation, DatasetSplit.Test];
            foreach (DatasetSplit split in splits.Where(split => Datasets.Has(recipe.Data, split)))
            {
                parts.Add(split, Datasets.Open(recipe.Data, split));
            }
            return new RunData(recipe.Data, parts, isOwned: true);
        }
        catch
        {
            Dispose(parts);
            throw;
        }
    }

    /// <summary>Takes datasets of the caller, who disposes them.</summary>
    public static RunData Borrow(Recipe recipe, ImageDataset train, ImageDataset? test, ImageDataset? validation)
    {
        ArgumentNullException.ThrowIfNull(recipe);
        ArgumentNullException.ThrowIfNull(train);
        Dictionary<DatasetSplit, ImageDataset> parts = new() { [DatasetSplit.Train] = train };
        if (test is not null)
        {
            parts.Add(DatasetSplit.Test, test);
        }
        if (validation is not null)
        {
            parts.Add(DatasetSplit.Validation, validation);
        }
        return new RunData(recipe.Data, parts, isOwned: false);
    }

    /// <summary>Each part has the samples and classes that the recipe states.</summary>
    /// <exception cref="ConfigurationException">One has not.</exception>
    public void RequireShapes()
    {
        foreach ((DatasetSplit split, ImageDataset data) in _parts)
        {
            string role = split == DatasetSplit.Train ? "training" : split.Text();
            (Shape stated, int classes) = (_settings.Sample, _settings.ClassCount);
            ConfigurationException.Require(
                data.Sample == stated && data.Classes.Count == classes,
                $"The {role} set has samples {data.Sample} in {data.Classes.Count} classes, and the recipe states "
                + $"{stated} in {classes}; give data.extents, data.channels and data.classes the set's, with "
                + $"data.dataset 'custom' for a set of your own");
        }
    }

    /// <summary>The targets of every sample are what the network's task and loss need.</summary>
    /// <exception cref="ConfigurationException">
    /// They are another task's, a setting has no meaning for them, or a number is out of range.
    /// </exception>
    /// <exception cref="DataFileException">
    /// The targets of a sample are no finite numbers.
    /// </exception>
    public void RequireTargets(ModelTask task, TrainingSettings training)
    {
        string name = ModelSettings.Name(task);
        foreach ((DatasetSplit split, ImageDataset data) in _parts)
        {
            ConfigurationException.Require(
                data.HasTargets || task is ModelTask.Classification or ModelTask.Segmentation,
                $"model.task is '{name}', and the samples of the {split.Text()} part have one class each; use a "
                + $"dataset with targets of numbers (HasTargets), or the task 'classification'");
            ConfigurationException.Require(
                !data.HasTargets || task != ModelTask.Segmentation,
                $"model.task is 'segmentation', and the samples of the {split.Text()} part have targets of their own; "
                + $"use data with label maps, or another task");
            ConfigurationException.Require(
                !data.HasTargets || !training.BalanceClasses,
                $"training.balanceClasses is true, and samples with soft labels are of no single class; give it "
                + $"training.classWeights instead");
            for (int index = 0; data.HasTargets && index < data.Count; index++)
            {
                RequireTarget(task, data, index);
            }
        }
    }

    /// <summary>
    /// The settings as a training step takes them: where positions have labels, balanced classes
    /// become weights by the counted positions. Damaged cases do not count.
    /// </summary>
    public TrainingSettings OfStep(TrainingSettings training)
    {
        if (!training.BalanceClasses || Train is not DensePatches { Cases: { } cases })
        {
            return training;
        }
        double[] counts = new double[cases.Classes.Count];
        using DenseReader reader = cases.OpenReader();
        for (int index = 0; index < cases.Count; index++)
        {
            try
            {
                IReadOnlyList<long> ofCase = cases.CountLabels(index, reader);
                for (int label = 0; label < counts.Length; label++)
                {
                    counts[label] += ofCase[label];
                }
            }
            catch (DataFileException)
            {
                // Training meets it again, and judges whether there are too many.
            }
        }
        return training with
        {
            BalanceClasses = false,
            ClassWeights = [.. Balanced(counts).Select(weight => (double)weight)],
        };
    }

    /// <summary>
    /// The weight of each class in the targets of a batch; null where all are 1, or where the loss
    /// weighs positions.
    /// </summary>
    public IReadOnlyList<float>? ClassWeights(TrainingSettings training)
    {
        if (HasLabelMaps)
        {
            return null;
        }
        if (!training.BalanceClasses)
        {
            return training.ClassWeights.Count == 0 ? null : [.. training.ClassWeights.Select(weight => (float)weight)];
        }
        return Balanced([.. Identity.Counts.Select(count => (double)count)]);
    }

    // A sum of rounded probabilities may miss 1 by this.
    private const double SumError = 1e-3;

    private static void RequireTarget(ModelTask task, ImageDataset data, int index)
    {
        ReadOnlySpan<float> target = SampleTargets.Of(data, index);
        if (task == ModelTask.Regression)
        {
            return;
        }
        int bad = target.IndexOfAnyExceptInRange(0, 1);
        ConfigurationException.Require(
            bad < 0,
            $"The target '{(bad < 0 ? "" : data.Classes[bad])}' of {data.Name(index)} is "
            + $"{(bad < 0 ? 0 : target[bad])}, and model.task '{ModelSettings.Name(task)}' takes probabilities; use 0 "
            + $"to 1, or the task 'regression'");
        double sum = 0;
        foreach (float probability in target)
        {
            sum += probability;
        }
        ConfigurationException.Require(
            task != ModelTask.Classification || Math.Abs(sum - 1) <= SumError,
            $"The target of {data.Name(index)} sums to {sum}, and the classes of model.task 'classification' exclude "
            + $"each other; let it sum to 1, or use the task 'multiLabel'");
    }

    // All classes that occur count the same; a class without samples has no weight to give.
    private static float[] Balanced(double[] counts)
    {
        double all = counts.Sum(), classes = counts.Count(count => count > 0);
        return [.. counts.Select(count => count == 0 ? 1 : (float)(all / (classes * count)))];
    }

    private ModelInput MakeInput()
    {
        using SampleReader reader = Train.OpenReader();
        return reader.WritesBytes
            ? new ModelInput(SampleKind.Bytes, _settings.Augmentation.Resize)
            : new ModelInput(SampleKind.Floats)
            {
                Range = Normalization.Range is (double least, double greatest) ? [least, greatest] : null,
            };
    }

    public void Dispose()
    {
        if (_isOwned)
        {
            Dispose(_parts);
        }
    }

    private static void Dispose(Dictionary<DatasetSplit, ImageDataset> parts)
    {
        foreach (ImageDataset part in parts.Values)
        {
            part.Dispose();
        }
    }
}
