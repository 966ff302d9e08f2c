using RevUp.Distributed;

namespace RevUp.Tests.Support;

/// <summary>
/// A small network with a backend of its own and endless data: each class is a pattern, each sample
/// that pattern in noise.
/// </summary>
internal sealed class TestNetwork : IDisposable
{
    /// <summary>Samples of a step.</summary>
    public const int Batch = 6;

    /// <summary>"exact" of the command line.</summary>
    public static readonly InversionSettings Exact = new() { Tolerance = InversionSettings.Exact };

    private const double Noise = 0.5;

    private readonly float[] _patterns;

    public TestNetwork(
        TestDevice device,
        TestModel model,
        MemoryPolicy policy = MemoryPolicy.Invert,
        InversionSettings? inversion = null,
        OptimizerSettings? optimizer = null,
        bool poison = false,
        int threads = 1,
        bool cudaGraph = false,
        Func<Backend, Collective>? ranks = null,
        bool? fused = null,
        TrainedLayers? trained = null)
    {
        Backend = device.Open(poison, threads);
        Backend.KeepsPreactivations = fused ?? Backend.KeepsPreactivations;
        Net = new RevUpNet(Backend, model.Settings, model.Sample, TestModel.Classes, seed: 5, trained: trained);
        Collective all = ranks?.Invoke(Backend) ?? Collective.Alone;
        TrainingSettings training = new()
        {
            Optimizer = optimizer ?? new OptimizerSettings { LearningRate = 0.1 },
            CudaGraph = cudaGraph,
            Accumulate = all.Size,
        };
        Step = new TrainingStep(Net, training, new MemoryPlan { Policy = policy }, inversion ?? Exact, all);
        _patterns = Vectors.Normal(1, TestModel.Classes * model.Sample.Count);
    }

    public Backend Backend { get; }

    public RevUpNet Net { get; }

    public TrainingStep Step { get; }

    public ReversibleEngine Engine => Step.Engine;

    /// <summary>Bytes of a batch of activations, of which one sample has the given shape.</summary>
    public static long BatchBytes(Shape sample, int bits = 32) =>
        (sample.Count * Batch * bits / 8 + Arena.Alignment - 1) / Arena.Alignment * Arena.Alignment;

    /// <summary>
    /// A network with a few steps of training behind it: its residual branches are no longer zero.
    /// </summary>
    public static TestNetwork Trained(
        TestDevice device, string model, int steps = 12, InversionSettings? inversion = null)
    {
        TestNetwork network = new(device, TestModel.Get(model), inversion: inversion);
        network.Train(steps);
        return network;
    }

    /// <summary>Trains and returns the loss of every step.</summary>
    public double[] Train(int steps, Func<int, double>? schedule = null)
    {
        double[] losses = new double[steps];
        for (int i = 0; i < steps; i++)
        {
            (float[] pixels, float[] targets) = Data(Step.Count);
            losses[i] = Step.Run(pixels, targets, schedule?.Invoke(i) ?? 1).Loss;
        }
        return losses;
    }

    /// <summary>The batch of a step; the same numbers on every machine.</summary>
    public (float[] Pixels, float[] Targets) Data(long step)
    {
        int size = (int)Net.Sample.Count;
        float[] pixels = Vectors.Normal(1000 + step, Batch * size, Noise);
        float[] targets = new float[Batch * TestModel.Classes];
        for (int i = 0; i < Batch; i++)
        {
            int label = (int)((step + i) % TestModel.Classes);
            targets[i * TestModel.Classes + label] = 1;
            for (int k = 0; k < size; k++)
            {
                pixels[i * size + k] += _patterns[label * size + k];
            }
        }
        return (pixels, targets);
    }

    /// <summary>
    /// Draws what Fixup starts at zero, as if after long training: every branch is then at its
    /// Lipschitz bound.
    /// </summary>
    public void DrawZeroConvolutions() => MemoryProbe.DrawZeroConvolutions(Net, seed: 3);

    /// <summary>Prepares the next step as training does, power iterations included.</summary>
    public void Prepare() => Net.PrepareStep(Batch, Step.Count);

    /// <summary>
    /// All gradients of one batch under a policy; weights stay prepared as they are, so that
    /// policies can be compared.
    /// </summary>
    public float[] Gradients(MemoryPlan plan, InversionSettings inversion)
    {
        (Engine.Plan, Engine.Inversion) = (plan, inversion);
        (float[] pixels, float[] targets) = Data(0);
        Backend.Fill(Net.Parameters.Gradients, 0);
        Tensor target = Backend.ToDevice(targets, new Shape(Batch, TestModel.Classes));
        Tensor input = Backend.ToDevice(pixels, Net.Sample.WithBatch(Batch));
        Tensor logits = Engine.Forward(input);
        Tensor statistics = Backend.Memory.Allocate(new Shape(2), ElementType.Float64, MemoryPurpose.Workspace);
        Backend.CrossEntropy(logits, target, 1f / Batch, logits, statistics);
        Engine.Backward(logits);
        Backend.Memory.Free(statistics);
        Backend.Memory.Free(target);
        Backend.Memory.Free(input);
        return Backend.ToHost(Net.Parameters.Gradients);
    }

    /// <inheritdoc cref="Gradients(MemoryPlan, InversionSettings)"/>
    public float[] Gradients(MemoryPolicy policy) => Gradients(new MemoryPlan { Policy = policy }, Exact);

    /// <summary>
    /// Takes over the parameters and the power-iteration state of a network of the same form.
    /// </summary>
    public void CopyFrom(TestNetwork other)
    {
        Backend.Upload<float>(other.Backend.ToHost(other.Net.Parameters.Values), Net.Parameters.Values);
        foreach ((StateTensor mine, StateTensor theirs) in Net.Parameters.State.Zip(other.Net.Parameters.State))
        {
            Backend.Upload<float>(other.Backend.ToHost(theirs.Value), mine.Value);
        }
        Step.Count = other.Step.Count;
    }

    /// <summary>
    /// Everything that training changes: parameters, power-iteration state, momentum.
    /// </summary>
    public float[] TrainingState() =>
        [
            .. Backend.ToHost(Net.Parameters.Values),
            .. PowerIterationState(),
            .. Step.Optimizer.Moments.SelectMany(Backend.ToHost),
        ];

    /// <summary>u, v and σ of every convolution.</summary>
    public float[] PowerIterationState() => [.. Net.Parameters.State.SelectMany(state => Backend.ToHost(state.Value))];

    public void Dispose()
    {
        Step.Dispose();
        Net.Dispose();
        Backend.Dispose();
    }
}
