using RevUp.Models;

namespace RevUp.Runs;

/// <summary>
/// Gathers the outputs of an evaluation into the measures of a task. The result does not depend on
/// which rank has done which batch.
/// </summary>
internal abstract class OutputTally
{
    /// <summary>The tally of a task.</summary>
    /// <param name="task">Not a segmentation.</param>
    /// <param name="outputs">K, the outputs of a sample.</param>
    /// <param name="batches">Batches of all ranks.</param>
    /// <param name="capacity">The most samples that will be added.</param>
    public static OutputTally Of(ModelTask task, int outputs, int batches, int capacity) => task switch
    {
        ModelTask.MultiLabel => new LabelTally(outputs, capacity),
        ModelTask.Regression => new ErrorTally(outputs, batches),
        _ => new ClassTally(outputs, capacity),
    };

    /// <summary>Adds a batch.</summary>
    /// <param name="index">Its place in the dataset.</param>
    /// <param name="outputs">[N, K], finite.</param>
    /// <param name="targets">[N, K].</param>
    public abstract void Add(int index, ReadOnlySpan<float> outputs, ReadOnlySpan<float> targets);

    /// <summary>Writes what was added, for <see cref="Add(BinaryReader)"/>.</summary>
    public abstract void Write(BinaryWriter writer);

    /// <summary>Adds what another tally of the same form has written.</summary>
    public abstract void Add(BinaryReader reader);

    /// <summary>A result with the measures of what was added.</summary>
    /// <param name="result">
    /// Loss and top-1; the latter means nothing where answers are numbers.
    /// </param>
    public abstract EvaluationResult Complete(EvaluationResult result);
}
