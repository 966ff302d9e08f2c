namespace RevUp.Tests.Support;

/// <summary>
/// A small U-Net with an engine, a batch and a soft target for every position. Nothing in it is
/// zero any more: neither the last convolutions of the branches nor the head.
/// </summary>
internal sealed class TestUNet : IDisposable
{
    public const int Classes = 3;

    /// <summary>Three levels of pictures.</summary>
    public static readonly TestModel Picture = new(
        new()
        {
            Task = ModelTask.Segmentation,
            Activation = Activation.Elu,
            Stages = [Stage(2, 4, 1), Stage(1, 6, 2), Stage(2, 8, 0)],
        },
        new(1, 8, 12, 2));

    /// <summary>Two levels of volumes, bottlenecks, ReLU.</summary>
    public static readonly TestModel Volume = new(
        new()
        {
            Task = ModelTask.Segmentation,
            Branch = BranchKind.Bottleneck,
            TransitionKernel = 2,
            Stages = [Stage(1, 4, 2), Stage(2, 6, 0)],
        },
        new(1, 4, 6, 4, 1));

    /// <summary>
    /// Three levels of volumes whose slices are far apart: strides and kernels of 1 along the first
    /// axis.
    /// </summary>
    public static readonly TestModel Anisotropic = new(
        new()
        {
            Task = ModelTask.Segmentation,
            Activation = Activation.Elu,
            Stages =
            [
                Stage(1, 4, 1),
                Stage(1, 6, 1) with { Stride = [1, 2, 2], Kernel = [1, 3, 3] },
                Stage(1, 8, 0) with { Stride = [2, 1, 2] },
            ],
        },
        new(1, 2, 4, 8, 1));

    /// <summary>Pictures, affine maps and rotations of the channels before every stage.</summary>
    public static readonly TestModel Mapped = Picture with
    {
        Settings = Picture.Settings with { Affine = Placement.Stage, Mixing = Placement.Stage },
    };

    /// <summary>Pictures; the first block of every encoder without a bound.</summary>
    public static readonly TestModel Free = Picture with
    {
        Settings = Picture.Settings with { Lipschitz = new LipschitzSettings { FreeLeadingBlocks = true } },
    };

    /// <summary>
    /// Pictures, two levels of 16 channels or more: every plane begins where a tensor may.
    /// </summary>
    public static readonly TestModel WidePicture = new(
        new()
        {
            Task = ModelTask.Segmentation,
            Activation = Activation.Elu,
            Stages = [Stage(2, 16, 1, width: 16), Stage(1, 32, 0, width: 16)],
        },
        new(1, 12, 8, 3));

    /// <summary>Volumes of that kind, bottlenecks, ReLU.</summary>
    public static readonly TestModel WideVolume = new(
        WidePicture.Settings with
        {
            Activation = Activation.Relu,
            Branch = BranchKind.Bottleneck,
            TransitionKernel = 2,
        },
        new(1, 8, 4, 8, 1));

    /// <summary>Pictures, nothing bounded, everything stored.</summary>
    public static readonly TestModel Residual = Picture with
    {
        Settings = Picture.Settings with { Block = BlockKind.Residual },
    };

    /// <summary>Pictures, instance normalisation, everything stored.</summary>
    public static readonly TestModel Normalized = Normalize(Picture);

    /// <summary>Volumes, instance normalisation, everything stored.</summary>
    public static readonly TestModel NormalizedVolume = Normalize(Volume);

    private static readonly Dictionary<string, TestModel> s_all = new()
    {
        ["picture"] = Picture,
        ["volume"] = Volume,
        ["anisotropic"] = Anisotropic,
        ["mapped"] = Mapped,
        ["free"] = Free,
        ["residual"] = Residual,
        ["normalized"] = Normalized,
        ["normalized volume"] = NormalizedVolume,
    };

    private readonly int _batch;
    private readonly Tensor _input;
    private readonly Tensor _targets;
    private readonly Tensor _statistics;

    public TestUNet(
        TestDevice device, TestModel model, MemoryPlan? plan = null, InversionSettings? inversion = null, int batch = 2,
        TrainedLayers? trained = null)
    {
        _batch = batch;
        Backend = device.Open();
        Net = new RevUpNet(Backend, model.Settings, model.Sample, Classes, seed: 5, trained: trained);
        MemoryProbe.DrawZeroConvolutions(Net, seed: 3);
        Parameter head = Net.Parameters.Parameters.Single(p => p.Name == "head.weight");
        Backend.Upload<float>(Vectors.Normal(7, head.Shape.Count), head.Value);
        Engine = new ReversibleEngine(
            Backend, Net.Layers, Net.Work, plan ?? new MemoryPlan(), inversion ?? TestNetwork.Exact, Net.Frozen);
        _input = Backend.ToDevice(
            Vectors.Normal(1, batch * model.Sample.Count), model.Sample.WithBatch(batch));
        float[] targets = [.. Vectors.Normal(2, batch * model.Sample.Positions * Classes).Select(Math.Abs)];
        for (int i = 0; i < targets.Length; i += Classes)
        {
            float sum = targets.AsSpan(i, Classes).ToArray().Sum();
            targets.AsSpan(i, Classes).ToArray().Select(t => t / sum).ToArray().CopyTo(targets, i);
        }
        Targets = targets;
        _targets = Backend.ToDevice(targets, new Shape(targets.Length / Classes, Classes));
        _statistics = Backend.Memory.Allocate(new Shape(2), ElementType.Float64, MemoryPurpose.Workspace);
        Net.PrepareStep(batch, step: 0);
    }

    public Backend Backend { get; }

    public RevUpNet Net { get; }

    public ReversibleEngine Engine { get; }

    public float[] Targets { get; }

    public Tensor Input => _input;

    /// <summary>All gradients of the batch under a plan.</summary>
    public float[] Gradients(MemoryPlan plan, InversionSettings? inversion = null)
    {
        (Engine.Plan, Engine.Inversion) = (plan, inversion ?? TestNetwork.Exact);
        return Gradients();
    }

    /// <inheritdoc cref="Gradients(MemoryPlan, InversionSettings)"/>
    public float[] Gradients(MemoryPolicy policy, InversionSettings? inversion = null) =>
        Gradients(new MemoryPlan { Policy = policy }, inversion);

    /// <inheritdoc cref="Gradients(MemoryPlan, InversionSettings)"/>
    public float[] Gradients()
    {
        Backend.Fill(Net.Parameters.Gradients, 0);
        Pass();
        return Backend.ToHost(Net.Parameters.Gradients);
    }

    /// <summary>One pass forward and backward.</summary>
    public void Pass()
    {
        int live = Backend.Memory.LiveCount;
        Tensor logits = Engine.Forward(_input);
        Tensor rows = logits.Reshape(_targets.Shape);
        Backend.CrossEntropy(rows, _targets, 1f / _batch, rows, _statistics);
        Engine.Backward(logits);
        Assert.AreEqual(live, Backend.Memory.LiveCount, "the pass left memory behind");
    }

    /// <summary>Peak of the activation arena over a pass under a plan.</summary>
    public long Peak(MemoryPlan plan, InversionSettings? inversion = null)
    {
        (Engine.Plan, Engine.Inversion) = (plan, inversion ?? Engine.Inversion);
        Pass();
        Backend.Memory.ResetPeaks();
        Pass();
        return Backend.Memory.Peak[MemoryPurpose.Activations];
    }

    public void Dispose()
    {
        Engine.Dispose();
        Net.Dispose();
        Backend.Dispose();
    }

    /// <summary>A model by the lower-case words of its name.</summary>
    public static TestModel Get(string name) => s_all[name];

    public static StageSettings Stage(int blocks, int channels, int decoder, int width = 0) =>
        new() { Blocks = blocks, Channels = channels, Width = width, DecoderBlocks = decoder };

    private static TestModel Normalize(TestModel model) => model with
    {
        Settings = model.Settings with { Block = BlockKind.Residual, Normalization = Normalization.InstanceNorm },
    };
}
