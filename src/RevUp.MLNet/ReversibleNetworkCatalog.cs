using Microsoft.ML;
using RevUp.Backends;

namespace RevUp.MLNet;

/// <summary>RevUp's networks among the trainers and transforms of an MLContext.</summary>
public static class ReversibleNetworkCatalog
{
    /// <summary>Trains a network that sorts images into the classes of a label.</summary>
    /// <param name="trainers">MLContext.MulticlassClassification.Trainers.</param>
    /// <param name="options">What to train, and on what.</param>
    /// <example><code>
    /// var trainer = ml.MulticlassClassification.Trainers.ReversibleNetwork(new() { Recipe = r });
    /// var pipeline = ml.Transforms.Conversion.MapValueToKey("Label").Append(trainer);
    /// </code></example>
    public static ReversibleNetworkTrainer ReversibleNetwork(
        this MulticlassClassificationCatalog.MulticlassClassificationTrainers trainers,
        ReversibleNetworkOptions options)
    {
        ArgumentNullException.ThrowIfNull(trainers);
        ArgumentNullException.ThrowIfNull(options);
        return new ReversibleNetworkTrainer(options);
    }

    /// <summary>Adds the answers of a trained network to images.</summary>
    /// <param name="transforms">MLContext.Transforms.</param>
    /// <param name="modelFile">
    /// A file that <see cref="ReversibleNetworkTransformer.SaveModel"/>, TrainingRun.SaveModel or
    /// the tool wrote.
    /// </param>
    /// <param name="imageColumnName">
    /// As <see cref="ReversibleNetworkOptions.ImageColumnName"/>.
    /// </param>
    /// <param name="predictedLabelColumnName">Column to add: the most probable class.</param>
    /// <param name="scoreColumnName">Column to add: a probability for each class.</param>
    /// <param name="openBackend">Opens the backend; one of the CPU by default.</param>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    public static ReversibleNetworkScorer ApplyReversibleNetwork(
        this TransformsCatalog transforms,
        string modelFile,
        string imageColumnName = "Image",
        string predictedLabelColumnName = "PredictedLabel",
        string scoreColumnName = "Score",
        Func<Backend>? openBackend = null)
    {
        ArgumentNullException.ThrowIfNull(transforms);
        byte[] model = File.ReadAllBytes(modelFile);
        AnswerColumns columns = new(imageColumnName, predictedLabelColumnName, scoreColumnName);
        return new ReversibleNetworkScorer(
            () => ReversibleNetworkTransformer.Load(model, columns, openBackend), columns);
    }
}
