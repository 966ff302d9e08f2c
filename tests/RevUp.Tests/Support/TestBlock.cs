namespace RevUp.Tests.Support;

/// <summary>
/// One invertible block on its own, with all parameters drawn at random, as after some training: F
/// is not zero.
/// </summary>
internal sealed class TestBlock : IDisposable
{
    private const string Name = "block";
    private const int Index = 1;

    private readonly BranchSettings _settings;
    private readonly PowerIteration _powerIteration;
    private readonly AdaptiveCoefficients? _coefficients;

    /// <param name="backend">The device; stays the caller's.</param>
    /// <param name="input">Shape of one sample.</param>
    /// <param name="width">Channels inside the branch.</param>
    /// <param name="settings">Form of the branch.</param>
    /// <param name="gain">
    /// Weights are N(0, gain² / fan-in): norms of the convolutions are about twice the gain.
    /// </param>
    /// <param name="multiplier">s.</param>
    /// <param name="first">
    /// Whether it is a network's first block, without leading activation.
    /// </param>
    /// <param name="coefficient">The block's own, under adaptive control.</param>
    public TestBlock(
        Backend backend, Shape input, int width, BranchSettings settings, double gain =
            1, float multiplier = 1, bool first = false, float coefficient = 1.1f)
    {
        Backend = backend;
        _settings = settings;
        Store = new ParameterStore(backend);
        _coefficients =
            settings.Lipschitz.Mode == LipschitzMode.Adaptive
                ? new AdaptiveCoefficients(backend, Store, settings.Lipschitz, branches: Index + 1)
                : null;
        Block = new InvertibleBlock(
            Name, first ? 0 : Index, backend, Store, input, width, settings with { Coefficients = _coefficients });
        Store.Build(seed: 1);
        if (_coefficients is not null)
        {
            backend.Upload<float>(
                [0.1f, coefficient], Store.State.Single(s => s.Name == "lipschitz.coefficients").Value);
            _coefficients.Reload();
        }
        _powerIteration = new PowerIteration(backend, Store, Branch.Norms, seed: 7);
        for (int i = 0; i < Store.Parameters.Count; i++)
        {
            Parameter parameter = Store.Parameters[i];
            bool scalar = parameter.Shape.Count == 1;
            double deviation = scalar ? 0.3 : gain * Math.Sqrt((double)parameter.Shape[0] / parameter.Shape.Count);
            Set(parameter, Vectors.Normal(100 + i, parameter.Shape.Count, deviation));
        }
        if (Store.Parameters.SingleOrDefault(p => p.Name == $"{Name}.scale") is { } scale)
        {
            Set(scale, [multiplier]);
        }
    }

    public Backend Backend { get; }

    public ParameterStore Store { get; }

    public InvertibleBlock Block { get; }

    public ResidualBranch Branch => (ResidualBranch)Block.Branch;

    /// <summary>σ of each convolution as last estimated.</summary>
    public float[] Sigmas => State("sigma");

    /// <summary>c, the block's own if it has one.</summary>
    public double Coefficient => _coefficients?.Values[Index] ?? _settings.Lipschitz.Coefficient;

    /// <summary>ŝ.</summary>
    public float Multiplier => Backend.ToHost(Branch.Multiplier)[0];

    /// <summary>Settings of a branch as most tests want it.</summary>
    public static BranchSettings Settings(
        LipschitzMode mode = LipschitzMode.PerBranch,
        BranchKind kind = BranchKind.Basic,
        Activation activation = Activation.Relu,
        int groups = 1,
        ElementType type = ElementType.Float32) =>
        new(kind, activation, groups, type, BranchCount: 4, new LipschitzSettings { Mode = mode });

    /// <summary>A state tensor of the block: "sigma", "conv1.u".</summary>
    public float[] State(string name) => Backend.ToHost(Store.State.Single(s => s.Name == $"{Name}.{name}").Value);

    public void Set(Parameter parameter, float[] values) => Backend.Upload<float>(values, parameter.Value);

    /// <summary>
    /// Prepares for a batch with enough power iterations for σ to be the operator's norm; 0 keeps
    /// σ.
    /// </summary>
    public void Prepare(int batch, int iterations = 300)
    {
        _powerIteration.Iterate(iterations);
        Block.Prepare(batch, iterations > 0 ? NetworkUse.Training : NetworkUse.Evaluation);
    }

    /// <summary>F(x) before its multiplier, from the forward pass's evaluation.</summary>
    public float[] Evaluate(Tensor x)
    {
        SavedTensors none = default;
        return Backend.Take(Branch.Evaluate(x, save: false, ref none));
    }

    public void Dispose()
    {
        Block.Dispose();
        _coefficients?.Dispose();
        _powerIteration.Dispose();
        Store.Dispose();
    }
}
