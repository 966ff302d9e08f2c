namespace RevUp.Tests.Lifetimes;

/// <summary>A network with a step on a backend, and what a caller may have kept of it.</summary>
internal sealed class WalkLife
{
    public const int Classes = 2;
    public const int BatchSize = 3;

    private static readonly Shape s_sample = new(1, 4, 4, 2);

    public WalkLife(Backend backend, MemoryPolicy policy, ulong seed)
    {
        Backend = backend;
        StageSettings[] stages = [new() { Blocks = 1, Channels = 4 }, new() { Blocks = 1, Channels = 6 }];
        ModelSettings settings = new() { Stages = stages };
        Net = new RevUpNet(backend, settings, s_sample, Classes, seed);
        Step = NewStep(Net, policy);
        Weights = Net.Parameters.Values;
        Stem = Net.Layers[0];
        Branch = (ResidualBranch)Net.Blocks[0].Branch;
        Input = backend.ToDevice(Vectors.Normal(7, BatchSize * s_sample.Count), s_sample.WithBatch(BatchSize));
    }

    public Backend Backend { get; }

    public RevUpNet Net { get; }

    public TrainingStep Step { get; private set; }

    /// <summary>All parameters, asked for while the network lived.</summary>
    public Tensor Weights { get; }

    public Layer Stem { get; }

    public ResidualBranch Branch { get; }

    /// <summary>A batch that is freed with the network, by the walk.</summary>
    public Tensor Input { get; }

    /// <summary>Another step in place of this one.</summary>
    public void Restart(MemoryPolicy policy)
    {
        Step.Dispose();
        Step = NewStep(Net, policy);
    }

    /// <summary>A batch of one to three samples.</summary>
    public static (float[] Pixels, float[] Targets) Batch(int number)
    {
        int count = 1 + number % BatchSize;
        float[] targets = new float[count * Classes];
        for (int i = 0; i < count; i++)
        {
            targets[i * Classes + (number + i) % Classes] = 1;
        }
        return (Vectors.Normal(number, count * s_sample.Count), targets);
    }

    /// <summary>A step with the settings of all.</summary>
    public static TrainingStep NewStep(RevUpNet net, MemoryPolicy policy) =>
        new(net, new TrainingSettings(), new MemoryPlan { Policy = policy }, new InversionSettings());
}
