using RevUp.Distributed;

namespace RevUp.Tests.Support;

/// <summary>
/// Network and training step of <see cref="SmallRecipe"/>, with weights that make every parameter's
/// gradient differ from zero.
/// </summary>
internal sealed class SmallTraining : IDisposable
{
    private const long WeightStream = 11;
    private const long DataStream = 12;
    private const float WeightDeviation = 0.3f;

    private readonly CpuBackend _backend = TestRuns.Backend();

    public SmallTraining(params string[] overrides)
        : this(Collective.Alone, overrides)
    {
    }

    public SmallTraining(Collective ranks, params string[] overrides)
    {
        Recipe recipe = SmallRecipe.Create(overrides);
        Net = new RevUpNet(_backend, recipe.Model, recipe.Data.Sample, recipe.Data.ClassCount, recipe.Training.Seed);
        // Fixup's zeros would leave the head the only layer with a gradient.
        for (int i = 0; i < Net.Parameters.Parameters.Count; i++)
        {
            Parameter parameter = Net.Parameters.Parameters[i];
            _backend.Upload<float>(
                Normal(WeightStream, i, (int)parameter.Shape.Count, WeightDeviation), parameter.Value);
        }
        Step = new TrainingStep(Net, recipe.Training, recipe.Reversible.Plan, recipe.Reversible.Inversion, ranks);
    }

    public RevUpNet Net { get; }

    public TrainingStep Step { get; }

    /// <summary>Pixels of random samples first .. first + count − 1.</summary>
    public float[] Pixels(int first, int count) =>
        [.. Enumerable.Range(first, count).SelectMany(sample => Normal(DataStream, sample, (int)Net.Sample.Count, 1))];

    /// <summary>Targets of the same samples: classes in turn.</summary>
    public float[] Targets(int first, int count)
    {
        float[] targets = new float[count * Net.Classes];
        for (int i = 0; i < count; i++)
        {
            targets[i * Net.Classes + (first + i) % Net.Classes] = 1;
        }
        return targets;
    }

    public StepResult Run(int first, int count, double learningRateFactor = 1) =>
        Step.Run(Pixels(first, count), Targets(first, count), learningRateFactor);

    /// <summary>The parameters of one group, in the order of the buffer.</summary>
    public float[] Values(ParameterGroup group) => Download(Net.Parameters.Values)[Range(group)];

    /// <summary>The gradients of one group, in the same order.</summary>
    public float[] Gradients(ParameterGroup group) => Download(Net.Parameters.Gradients)[Range(group)];

    /// <summary>All parameters and all power-iteration state.</summary>
    public float[] State() =>
        [.. Download(Net.Parameters.Values), .. Net.Parameters.State.SelectMany(state => Download(state.Value))];

    public void Dispose()
    {
        Step.Dispose();
        Net.Dispose();
        _backend.Dispose();
    }

    private Range Range(ParameterGroup group) =>
        (group == 0 ? 0 : (int)Net.Parameters.EndOf(group - 1))..(int)Net.Parameters.EndOf(group);

    private float[] Download(Tensor tensor)
    {
        float[] values = new float[tensor.Count];
        _backend.Download<float>(tensor, values);
        return values;
    }

    private static float[] Normal(long stream, int index, int count, float deviation)
    {
        CounterRandom random = new(5, stream, index);
        float[] values = new float[count];
        for (int i = 0; i < count; i++)
        {
            values[i] = deviation * random.NextNormal();
        }
        return values;
    }
}
