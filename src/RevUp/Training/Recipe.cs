using System.Text.Json.Serialization;
using RevUp.Data;
using RevUp.Lipschitz;
using RevUp.Models;
using RevUp.Reversible;
using RevUp.Tensors;

namespace RevUp.Training;

/// <summary>How activations come back in the backward pass: the policies and the inversion, as a recipe states them.</summary>
public sealed record ReversibleSettings
{
    /// <summary>The policy of layers that can follow it.</summary>
    public MemoryPolicy Policy { get; init; } = MemoryPolicy.Invert;

    /// <summary>Every n-th block keeps its input; 0 for none.</summary>
    public int AnchorEvery { get; init; }

    /// <summary>Bits per element under the policy "compress": 4 or 8.</summary>
    public int CompressBits { get; init; } = new MemoryPlan().CompressBits;

    /// <summary>See <see cref="InversionSettings.Tolerance"/>; a number or "exact".</summary>
    [JsonConverter(typeof(ToleranceConverter))]
    public double Tolerance { get; init; } = new InversionSettings().Tolerance;

    /// <summary>See <see cref="InversionSettings.MaximumEvaluations"/>.</summary>
    public int MaximumEvaluations { get; init; } = new InversionSettings().MaximumEvaluations;

    /// <summary>See <see cref="InversionSettings.HardLimit"/>.</summary>
    public double HardLimit { get; init; } = new InversionSettings().HardLimit;

    /// <summary>See <see cref="InversionSettings.Evaluations"/>: "full" or "mixed".</summary>
    public EvaluationPrecision Evaluations { get; init; } = new InversionSettings().Evaluations;

    /// <summary>The inversion's settings.</summary>
    public InversionSettings Inversion =>
        new() { Tolerance = Tolerance, MaximumEvaluations = MaximumEvaluations, HardLimit = HardLimit, Evaluations = Evaluations };

    /// <summary>The policies.</summary>
    public MemoryPlan Plan => new() { Policy = Policy, AnchorEvery = AnchorEvery, CompressBits = CompressBits };
}

/// <summary>Everything that determines a training run: data, network, memory policy, training.</summary>
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
    public BatchLoaderOptions TrainingBatches => EvaluationBatches with
    {
        Shuffle = true,
        DropLast = true,
        ReplaceDamaged = true,
        Augmentation = Data.TrainingAugmentation with { LabelSmoothing = Training.LabelSmoothing },
    };

    /// <summary>How batches of a test set are made.</summary>
    public BatchLoaderOptions EvaluationBatches => new()
    {
        BatchSize = Training.BatchSize,
        Workers = Data.Workers,
        Prefetch = Data.Prefetch,
        Seed = Training.Seed,
        Augmentation = Data.EvaluationAugmentation,
    };

    /// <summary>Throws when a value is outside its range, alone or together with others.</summary>
    /// <exception cref="ConfigurationException">Names the value and the fix.</exception>
    public void Validate()
    {
        ConfigurationException.Require(IsName(Name), $"name is '{Name}'; use letters, digits, '-', '_' and '.', because a folder is named after it");
        Data.Validate();
        Model.Validate();
        Reversible.Plan.Validate(Model.Block, Model.Lipschitz.Mode);
        Reversible.Inversion.Validate(Model.Precision);
        Training.Validate();
    }

    /// <summary>Whether a folder can be named so, on any system.</summary>
    internal static bool IsName(string name) => name.Any(c => c != '.') && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.');
}
