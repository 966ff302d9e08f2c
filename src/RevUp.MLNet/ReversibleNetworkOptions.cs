using Microsoft.Extensions.Logging;
using Microsoft.ML;
using RevUp.Backends;
using RevUp.Recipes;
using RevUp.Runs;

namespace RevUp.MLNet;

/// <summary>Settings of a training in a pipeline of ML.NET.</summary>
public sealed record ReversibleNetworkOptions
{
    /// <summary>
    /// Network, training, and the shape of a sample: data.extents and data.channels. The data set
    /// is the view that is fitted, and the classes are the values of its label.
    /// </summary>
    public required Recipe Recipe { get; init; }

    /// <summary>
    /// Column of images. A vector of bytes of any size is a whole JPEG or PNG file, as
    /// LoadRawImageBytes gives it, and is scaled to the shape of a sample. A vector of H·W·C bytes
    /// or floats is a sample, channels-last.
    /// </summary>
    public string ImageColumnName { get; init; } = "Image";

    /// <summary>Column of labels, a key; MapValueToKey makes one of texts or numbers.</summary>
    public string LabelColumnName { get; init; } = "Label";

    /// <summary>Column to add: the key of the most probable class.</summary>
    public string PredictedLabelColumnName { get; init; } = "PredictedLabel";

    /// <summary>Column to add: a probability for each class.</summary>
    public string ScoreColumnName { get; init; } = "Score";

    /// <summary>
    /// Rows with the same columns, which evaluations of the training measure; null for none.
    /// </summary>
    public IDataView? TestSet { get; init; }

    /// <summary>
    /// Folder of the run, with checkpoints from which a later call goes on; null to keep nothing.
    /// </summary>
    public string? Folder { get; init; }

    /// <summary>Opens the backend; one of the CPU by default.</summary>
    public Func<Backend>? OpenBackend { get; init; }

    /// <summary>Called as the training goes on.</summary>
    public Action<TrainingProgress>? Progress { get; init; }

    /// <summary>Where warnings of the training go; nowhere by default.</summary>
    public ILogger? Logger { get; init; }

    /// <summary>
    /// Ends the training after the step in progress, with an
    /// <see cref="OperationCanceledException"/>, and with a checkpoint where there is a folder.
    /// </summary>
    public CancellationToken Stop { get; init; }
}
