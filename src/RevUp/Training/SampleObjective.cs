using RevUp.Models;
using RevUp.Tensors;

namespace RevUp.Training;

/// <summary>The objective of K outputs for each sample, [N, K], with K numbers as target.</summary>
internal sealed class SampleObjective(RevUpNet net, SampleLoss loss) : Objective(net)
{
    public override bool IsOwn => loss.IsOwn;

    public override ElementType TargetType => ElementType.Float32;

    protected override (string Targets, string Number) Words =>
        ("targets", $"{Net.Classes} {Noun(Net.Settings.Task)}");

    public override Shape Targets(int batch) => new(batch, Net.Classes);

    public override void Differentiate(Tensor output, Tensor targets, Tensor losses) =>
        loss.Add(Net.Backend, output, targets, output, losses);

    /// <summary>Outputs of a task in a message.</summary>
    public static string Noun(ModelTask task) => task switch
    {
        ModelTask.MultiLabel => "labels",
        ModelTask.Regression => "numbers",
        _ => "classes",
    };

    protected override void RequireType<T>()
    {
        if (typeof(T) != typeof(float))
        {
            throw WrongTargets(
                "labels", ModelSettings.Name(Net.Settings.Task),
                "ReadOnlySpan<float> targets, [N, classes], such as [1f, 0f]");
        }
    }

    // Class weights scale the rows of a classification.
    protected override void RequireValid<T>(ReadOnlySpan<T> targets)
    {
        ReadOnlySpan<float> numbers = MemoryMarshal.Cast<T, float>(targets);
        int place = Net.Settings.Task == ModelTask.MultiLabel ? numbers.IndexOfAnyExceptInRange(0, 1) : -1;
        if (place >= 0)
        {
            throw new ArgumentException(
                $"targets[{place}], label {place % Net.Classes} of sample {place / Net.Classes}, is {numbers[place]}; "
                + "use 1 where the label is there, 0 where it is not, or a probability between them.",
                Words.Targets);
        }
    }
}
