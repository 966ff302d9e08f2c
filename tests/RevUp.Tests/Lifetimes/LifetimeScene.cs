namespace RevUp.Tests.Lifetimes;

/// <summary>
/// A network with a step, and one of each object that owns something, on a backend of their own.
/// </summary>
internal sealed class LifetimeScene : IDisposable
{
    private readonly TestNetwork _network;
    private readonly TemporaryFolder _folder = new();

    public LifetimeScene(TestDevice device, string model)
    {
        _network = new TestNetwork(device, TestModel.Get(model), inversion: new InversionSettings());
        (Pixels, Targets) = _network.Data(0);
        Input = Backend.ToDevice(Pixels, Net.Sample.WithBatch(Batch));
        Stream = Allocate(Block.Input.WithBatch(Batch));
        Gradient = Allocate(Block.Input.WithBatch(Batch));
        Numbers = Backend.Memory.Allocate(new Shape(2), ElementType.Float64, MemoryPurpose.Workspace);
        Backend.Upload<double>([1, 2], Numbers);
        Readback = Backend.CreateReadback(2);
        Inversion = new FixedPointInversion(Backend, new InversionSettings(), Net.Blocks.Count);
        IEnumerable<(SpectralNorm, Tensor)> norms = Net.Blocks.SelectMany(block => block.Branch.Norms);
        Norms = new PowerIteration(Backend, Net.Parameters, norms, seed: 1);
        Loader = new BatchLoader(
            SyntheticDataset.Create(8, Net.Sample, 3, seed: 1),
            new ChannelNormalization([0, 0, 0], [1, 1, 1]),
            new BatchLoaderOptions { BatchSize = 4, Workers = 1 });
    }

    public Backend Backend => _network.Backend;

    public RevUpNet Net => _network.Net;

    public TrainingStep Step => _network.Step;

    public int Batch => Pixels.Length / (int)Net.Sample.Count;

    public float[] Pixels { get; }

    public float[] Targets { get; }

    public string File => Path.Combine(_folder.Path, "weights");

    public InvertibleBlock Block => Net.Blocks[0];

    public Convolution Convolution => Block.Branch.Convolutions[0];

    /// <summary>A batch on the device.</summary>
    public Tensor Input { get; }

    /// <summary>A batch of the first block's input.</summary>
    public Tensor Stream { get; }

    /// <summary>Another one, which a backward pass may take over.</summary>
    public Tensor Gradient { get; }

    /// <summary>float64 [2].</summary>
    public Tensor Numbers { get; }

    public Readback Readback { get; }

    public FixedPointInversion Inversion { get; }

    public PowerIteration Norms { get; }

    public BatchLoader Loader { get; }

    public void Enter(LifetimeState state, IDisposable target)
    {
        if (state != LifetimeState.Fresh)
        {
            Step.Run(Pixels, Targets, 1);
            Net.Predict(Pixels);
        }
        // Else a call would be refused because nothing is prepared, and not because the object is
        // closed.
        Net.PrepareInference(Batch);
        if (state >= LifetimeState.InFlight)
        {
            Step.Stage(Pixels, Targets);
            Step.Start(1);
            Step.Stage(Pixels, Targets);
            Readback.Copy(Numbers, 0);
            Readback.Mark();
        }
        if (state >= LifetimeState.Disposed)
        {
            (state switch
            {
                LifetimeState.NetworkDisposed => Net,
                LifetimeState.BackendDisposed => Backend,
                _ => target,
            }).Dispose();
        }
    }

    /// <summary>
    /// Disposes everything twice, owners before what they own: no Dispose may throw.
    /// </summary>
    public void Dispose()
    {
        for (int i = 0; i < 2; i++)
        {
            Net.Dispose();
            Norms.Dispose();
            Readback.Dispose();
            Inversion.Dispose();
            Loader.Dispose();
            Step.Dispose();
            Step.Engine.Dispose();
            Step.Optimizer.Dispose();
            Block.Dispose();
            Backend.Dispose();
        }
        _folder.Dispose();
    }

    private Tensor Allocate(Shape shape)
    {
        Tensor tensor = Backend.Memory.Allocate(shape, ElementType.Float32, MemoryPurpose.Activations);
        Backend.Fill(tensor, 0.5f);
        return tensor;
    }
}
