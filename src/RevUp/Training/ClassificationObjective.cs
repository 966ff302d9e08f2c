using RevUp.Models;
using RevUp.Tensors;

namespace RevUp.Training;

/// <summary>
/// Mean cross-entropy of logits [N, classes] with soft targets; the measure is top-1.
/// </summary>
internal sealed class ClassificationObjective(RevUpNet net) : Objective(net)
{
    /// <inheritdoc/>
    public override ElementType TargetType => ElementType.Float32;

    /// <inheritdoc/>
    protected override (string Targets, string Number) Words => ("targets", $"{Net.Classes} classes");

    /// <inheritdoc/>
    public override Shape Targets(int batch) => new(batch, Net.Classes);

    /// <inheritdoc/>
    public override void Differentiate(Tensor output, Tensor targets, Tensor losses) =>
        Net.Backend.CrossEntropy(output, targets, 1f / output.Shape.Batch, output, losses);

    /// <inheritdoc/>
    protected override void RequireType<T>()
    {
        if (typeof(T) != typeof(float))
        {
            throw WrongTargets("labels", "classification", "ReadOnlySpan<float> targets, [N, classes]");
        }
    }
}
