using RevUp.Models;
using RevUp.Tensors;

namespace RevUp.Training;

/// <summary>
/// Mean cross-entropy of logits [N, classes] with soft targets; the measure is top-1.
/// </summary>
internal sealed class ClassificationObjective(RevUpNet net) : Objective(net)
{
    public override ElementType TargetType => ElementType.Float32;

    protected override (string Targets, string Number) Words => ("targets", $"{Net.Classes} classes");

    public override Shape Targets(int batch) => new(batch, Net.Classes);

    public override void Differentiate(Tensor output, Tensor targets, Tensor losses) =>
        Net.Backend.CrossEntropy(output, targets, 1f / output.Shape.Batch, output, losses);

    protected override void RequireType<T>()
    {
        if (typeof(T) != typeof(float))
        {
            throw WrongTargets("labels", "classification", "ReadOnlySpan<float> targets, [N, classes], such as [1f, 0f]");
        }
    }
}
