namespace RevUp.Tests.Support;

/// <summary>
/// A small network with numbers as targets, a step of its own, and a batch for it.
/// </summary>
internal sealed class TargetNetwork : IDisposable
{
    public const int Batch = 4;
    public const int Outputs = 3;

    private static readonly Shape s_sample = new(1, 6, 6, 2);

    public TargetNetwork(
        TestDevice device,
        ModelTask task,
        MemoryPolicy policy = MemoryPolicy.Invert,
        BatchLoss? loss = null,
        TrainingSettings? training = null)
    {
        Backend = device.Open();
        ModelSettings settings = new()
        {
            Task = task,
            Stages = [new() { Blocks = 2, Channels = 4 }, new() { Blocks = 1, Channels = 8 }],
            Activation = Activation.Elu,
        };
        Net = new RevUpNet(Backend, settings, s_sample, Outputs, seed: 3);
        MemoryProbe.DrawZeroConvolutions(Net, seed: 3);
        Step = new TrainingStep(
            Net, training ?? new TrainingSettings { Optimizer = new() { LearningRate = 0.1 } },
            new MemoryPlan { Policy = policy }, TestNetwork.Exact, loss);
    }

    public Backend Backend { get; }

    public RevUpNet Net { get; }

    public TrainingStep Step { get; }

    /// <summary>The batch of a number: pixels, and targets in 0 to 1.</summary>
    public static (float[] Pixels, float[] Targets) Data(int number) => (
        Vectors.Normal(number, Batch * s_sample.Count),
        [.. Vectors.Normal(1000 + number, Batch * Outputs).Select(value => (float)(1 / (1 + Math.Exp(-4 * value))))]);

    /// <summary>Steps on batches 0 and on; the results.</summary>
    public StepResult[] Train(int steps) => [.. Enumerable.Range(0, steps).Select(number =>
    {
        (float[] pixels, float[] targets) = Data(number);
        return Step.Run(pixels, targets, learningRateFactor: 1);
    })];

    /// <summary>All parameters.</summary>
    public float[] Values() => Backend.ToHost(Net.Parameters.Values);

    public void Dispose()
    {
        Step.Dispose();
        Net.Dispose();
        Backend.Dispose();
    }
}
