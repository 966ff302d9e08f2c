namespace RevUp.Tests.Reversible;

/// <summary>Branches that a program brings: the sample's, and faulty ones.</summary>
[TestClass]
public sealed class OwnBranchTests
{
    private const int Batch = 4;
    private const int Classes = 3;
    private static readonly Shape s_sample = new(1, 6, 6, 2);

    [TestMethod]
    [DataRow(LipschitzMode.PerBranch)]
    [DataRow(LipschitzMode.Adaptive)]
    public void InversionFindsTheInputAndStoresGradients(LipschitzMode mode)
    {
        using CpuBackend backend = new(threads: 1);
        using RevUpNet net = Net(backend, mode, site => new SineBranch(site));
        using ReversibleEngine engine = new(backend, net.Layers, net.Work, new MemoryPlan(), TestNetwork.Exact);
        net.PrepareStep(Batch, step: 0);

        float[] stored = Gradients(net, engine, MemoryPolicy.Store);
        CollectionAssert.AreEqual(stored, Gradients(net, engine, MemoryPolicy.Checkpoint));
        List<float[]> inputs = [];
        engine.InputObserver = (_, x) => inputs.Add(backend.ToHost(x));
        Gradients(net, engine, MemoryPolicy.Store);
        float[] inverted = Gradients(net, engine, MemoryPolicy.Invert);

        Assert.IsLessThanOrEqualTo(1e-4, Vectors.RelativeDifference(stored, inverted));
        CollectionAssert.AreNotEqual(stored, inverted, "nothing was inverted");
        int blocks = net.Blocks.Count;
        Assert.HasCount(2 * blocks, inputs);
        for (int block = 0; block < blocks; block++)
        {
            Assert.IsLessThanOrEqualTo(1e-5, Vectors.RelativeDifference(inputs[block], inputs[block + blocks]));
        }
        foreach (InversionRecord record in engine.Records)
        {
            Assert.IsTrue(record.Converged, $"{record}");
            Assert.IsGreaterThan(1, record.Evaluations);
        }
        Assert.AreEqual(0, engine.Replays);
    }

    /// <summary>Along the gradient, and through σ: the bound is reached, since ŝ·∏σ is c.</summary>
    [TestMethod]
    public void GradientsAgreeWithFiniteDifferences()
    {
        const double Step = 1e-3;
        List<string> faults = [];
        using CpuBackend backend = new(threads: 1);
        using RevUpNet net = Net(backend, LipschitzMode.PerBranch, site => new SineBranch(site));
        using ReversibleEngine engine = new(backend, net.Layers, net.Work, new MemoryPlan(), TestNetwork.Exact);
        float[] values = backend.ToHost(net.Parameters.Values);
        net.PrepareStep(Batch, step: 0);
        Assert.IsTrue(
            net.Blocks.All(block => Math.Abs(block.Branch.LipschitzBound() - 0.9) < 1e-3), "not at the bound");
        float[] gradients = Gradients(net, engine, MemoryPolicy.Invert);

        // All parameters, the branches' alone, and the shifts.
        foreach (string part in (string[])["", ".widen", ".narrow", ".shift", "blocks"])
        {
            double[] direction = new double[gradients.Length];
            foreach (Parameter parameter in net.Parameters.Parameters.Where(parameter => parameter.Name.Contains(part)))
            {
                long start = (parameter.Value.Address - net.Parameters.Values.Address) / sizeof(float);
                for (long i = start; i < start + parameter.Shape.Count; i++)
                {
                    direction[i] = gradients[i];
                }
            }
            double norm = Math.Sqrt(direction.Sum(value => value * value));
            Assert.IsGreaterThan(1e-3, norm, part);
            double slope = (Loss(Step / norm) - Loss(-Step / norm)) / (2 * Step);
            if (Math.Abs(slope - norm) > 0.01 * norm)
            {
                faults.Add($"parameters with '{part}' in their names: the gradient is {norm}, the slope {slope}");
            }

            double Loss(double scale)
            {
                backend.Upload<float>(
                    [.. values.Select((value, i) => (float)(value + scale * direction[i]))], net.Parameters.Values);
                net.PrepareStep(Batch, step: 0);
                return LossOf(net, engine);
            }
        }
        Assert.IsEmpty(faults, string.Join('\n', faults));
    }

    /// <summary>A block of the sample's branch against the same formulas in float64.</summary>
    [TestMethod]
    [DataRow(LipschitzMode.None, 0.5, new[] { 1, 4, 3, 2 })]
    [DataRow(LipschitzMode.PerBranch, 1.5, new[] { 1, 4, 3, 2 })]
    [DataRow(LipschitzMode.PerBranch, 1.5, new[] { 1, 3, 2, 3, 2 })]
    [DataRow(LipschitzMode.PerBranch, 0.1, new[] { 1, 4, 3, 2 })]
    public void AgreesWithItsTwinInFloat64(LipschitzMode mode, double deviation, int[] dimensions)
    {
        const int Width = 3;
        Shape input = new(dimensions);
        BranchSettings settings =
            TestBlock.Settings(mode, BranchKind.Custom) with { Factory = site => new SineBranch(site) };
        using CpuBackend backend = new(threads: 1);
        using ParameterStore store = new(backend);
        using InvertibleBlock block = new("block", index: 1, backend, store, input, Width, settings);
        store.Build(seed: 1);
        foreach ((int index, Parameter parameter) in store.Parameters.Index())
        {
            backend.Upload<float>(Vectors.Normal(100 + index, parameter.Shape.Count, deviation), parameter.Value);
        }
        using PowerIteration iteration = new(backend, store, block.Branch.Norms, seed: 7);
        iteration.Iterate(300);
        block.Prepare(Batch, NetworkUse.Training);
        double limit = settings.Lipschitz.Coefficient;
        Dictionary<string, double[]> values = store.Parameters.ToDictionary(
            parameter => parameter.Name, parameter => backend.ToHost(parameter.Value).Widen());
        bool isControlled = mode != LipschitzMode.None;
        Assert.AreEqual(isControlled && deviation > 1, isControlled && Bound(values) > limit);

        // Three products, two sums and the norms, forward and backward.
        double rounding = Rounding.Chain(operations: 14, Math.Max(input.Positions * Batch, Width * 27));
        GradientCheck.Run(backend, store, block, Batch, Twin, rounding);

        double[] Twin(IReadOnlyDictionary<string, double[]> values)
        {
            double[] shift = values["block.shift"];
            double[] angles = Product("widen", values["x"], values, Batch);
            double[] z = Product(
                "narrow", [.. angles.Select((angle, i) => Math.Sin(angle + shift[i % Width]))], values, Batch);
            double multiplier = values["block.scale"][0] * (isControlled ? Math.Min(1, limit / Bound(values)) : 1);
            return [.. values["x"].Zip(z, (x, z) => x + multiplier * z)];
        }

        double Bound(IReadOnlyDictionary<string, double[]> values) =>
            Math.Abs(values["block.scale"][0]) * Sigma("widen", values) * Sigma("narrow", values);

        double Sigma(string name, IReadOnlyDictionary<string, double[]> values) =>
            Vectors.Dot(State(name + ".u"), Product(name, State(name + ".v"), values, batch: 1));

        double[] State(string name) =>
            backend.ToHost(store.State.Single(state => state.Name == $"block.{name}").Value).Widen();

        // At the extents that x has: a 1×1 convolution's vectors are of one position.
        double[] Product(string name, double[] x, IReadOnlyDictionary<string, double[]> values, int batch)
        {
            ConvolutionGeometry sample = block.Branch.Convolutions.Single(c => c.Name == $"block.{name}").Sample;
            Shape shape = sample.Input.WithBatch(batch);
            for (int axis = 0; x.Length < shape.Count; axis++)
            {
                shape = shape.With(axis + 1, 1);
            }
            return Reference.Convolution(sample with { Input = shape }, x, values[$"block.{name}.weight"]);
        }
    }

    [TestMethod]
    [DataRow(Fault.Shape, "Forward returned Float32 [4, 6, 6, 3]|Forward returned Float32 [2, 6, 6, 3]")]
    [DataRow(Fault.Argument, "Forward returned its argument")]
    [DataRow(Fault.Leak, "of activations instead of")]
    [DataRow(Fault.Unsaved, "Forward left saved[0] without a new tensor")]
    [DataRow(Fault.NaN, "z of normal random numbers is not finite")]
    [DataRow(Fault.Steep, "Lip(F) is at least")]
    [DataRow(Fault.Constant, "Lipschitz is 0; return a positive constant")]
    [DataRow(Fault.Late, "declares a part behind its constructor")]
    public void AFaultyBranchIsNamedWhenTheNetworkIsBuilt(Fault fault, string messages)
    {
        using CpuBackend backend = new(threads: 1);
        InvalidOperationException exception = Assert.ThrowsExactly<InvalidOperationException>(
            () => Net(backend, LipschitzMode.PerBranch, site => new FaultyBranch(site, fault)));
        Assert.IsTrue(messages.Split('|').Any(exception.Message.Contains), exception.Message);
        Assert.Contains("stages.0.blocks.0", exception.Message);
        Assert.AreEqual(0, backend.Memory.LiveCount, "the network left tensors behind");
    }

    [TestMethod]
    public void SettingsAndFactoryBelongTogether()
    {
        using CpuBackend backend = new(threads: 1);
        AssertRefused("no factory of branches was given", Settings(LipschitzMode.PerBranch), null);
        AssertRefused(
            "is not 'custom'",
            Settings(LipschitzMode.PerBranch) with { Branch = BranchKind.Basic },
            site => new SineBranch(site));
        AssertRefused("'perLayer'", Settings(LipschitzMode.PerLayer), site => new SineBranch(site));

        void AssertRefused(string message, ModelSettings settings, Func<BranchSite, Branch>? factory) =>
            Assert.Refuses<ConfigurationException>(
                () => new RevUpNet(backend, settings, s_sample, Classes, seed: 1, factory), message);
    }

    private static ModelSettings Settings(LipschitzMode mode) => new()
    {
        Stages = [new() { Blocks = 2, Channels = 4, Width = 6 }, new() { Blocks = 2, Channels = 6 }],
        Branch = BranchKind.Custom,
        Lipschitz = new LipschitzSettings { Mode = mode, StartIterations = 400 },
    };

    // Fixup starts the head at zero, which lets no gradient through.
    private static RevUpNet Net(Backend backend, LipschitzMode mode, Func<BranchSite, Branch> factory)
    {
        RevUpNet net = new(backend, Settings(mode), s_sample, Classes, seed: 1, factory);
        Parameter head = net.Parameters.Parameters.Single(parameter => parameter.Name == "head.weight");
        backend.Upload<float>(Vectors.Normal(3, head.Shape.Count, 0.5), head.Value);
        return net;
    }

    private static float[] Gradients(RevUpNet net, ReversibleEngine engine, MemoryPolicy policy)
    {
        engine.Plan = new MemoryPlan { Policy = policy };
        net.Backend.Fill(net.Parameters.Gradients, 0);
        LossOf(net, engine);
        return net.Backend.ToHost(net.Parameters.Gradients);
    }

    internal static double LossOf(RevUpNet net, ReversibleEngine engine)
    {
        Backend backend = net.Backend;
        Tensor input = backend.ToDevice(
            Vectors.Normal(7, (int)(Batch * net.Sample.Count)), net.Sample.WithBatch(Batch));
        float[] targets = new float[Batch * Classes];
        for (int i = 0; i < Batch; i++)
        {
            targets[i * Classes + i % Classes] = 1;
        }
        Tensor target = backend.ToDevice(targets, new Shape(Batch, Classes));
        Tensor statistics = backend.Memory.Allocate(new Shape(2), ElementType.Float64, MemoryPurpose.Workspace);
        backend.Upload<double>([0, 0], statistics);
        Tensor logits = engine.Forward(input);
        backend.CrossEntropy(logits, target, 1f / Batch, logits, statistics);
        engine.Backward(logits);
        double[] sums = new double[2];
        backend.Download<double>(statistics, sums);
        backend.Memory.Free(statistics);
        backend.Memory.Free(target);
        backend.Memory.Free(input);
        return sums[0] / Batch;
    }

    /// <summary>A rule that a branch breaks.</summary>
    public enum Fault
    {
        Shape,
        Argument,
        Leak,
        Unsaved,
        NaN,
        Steep,
        Constant,
        Late,
    }

    /// <summary>z = 1.5·x without a declared convolution, or worse.</summary>
    private sealed class FaultyBranch(BranchSite site, Fault fault) : Branch(site)
    {
        public override int Saved => fault == Fault.Unsaved ? 1 : 0;

        public override double Lipschitz => fault == Fault.Constant ? 0 : 1;

        public override Tensor Forward(Tensor x, Span<Tensor> saved)
        {
            switch (fault)
            {
                case Fault.Argument:
                    return x;
                case Fault.Leak:
                    Allocate(x.Shape);
                    break;
                case Fault.Late:
                    AddParameter("late", new Shape(1), mean: 0);
                    break;
            }
            Tensor z = Allocate(fault == Fault.Shape ? x.Shape.WithChannels(3) : x.Shape);
            Span<float> values = CpuBackend.Elements<float>(z);
            CpuBackend.Elements<float>(x)[..Math.Min((int)x.Count, values.Length)].CopyTo(values);
            for (int i = 0; i < values.Length; i++)
            {
                values[i] = fault == Fault.NaN ? float.NaN : 1.5f * values[i];
            }
            return z;
        }

        public override Tensor Backward(Tensor x, ReadOnlySpan<Tensor> saved, Tensor gradient)
        {
            Tensor dx = Allocate(x.Shape);
            Backend.Fill(dx, 0);
            Backend.Axpy(default, gradient, dx);
            return dx;
        }
    }
}
