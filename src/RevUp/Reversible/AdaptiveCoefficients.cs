using RevUp.Backends;
using RevUp.Layers;
using RevUp.Tensors;

namespace RevUp.Reversible;

/// <summary>
/// The coefficient c_b of every branch b under <see cref="LipschitzMode.Adaptive"/> control:
/// float32 [branches] on the device, where the branches read it. <see cref="AdaptiveRule"/> moves a
/// copy on the host after each step.
/// </summary>
/// <remarks>
/// Part of the state that checkpoints hold, and all the state that the control has. A step costs
/// one copy of [branches] numbers in each direction, and no memory of the garbage collector. Where
/// a step has several batches, the worst of them counts, on whichever rank it was.
/// </remarks>
internal sealed class AdaptiveCoefficients : DeviceObject
{
    private readonly LipschitzSettings _settings;
    private readonly StateTensor _state;
    private readonly float[] _values;
    private readonly InversionRecord[] _worst;

    /// <param name="backend">The device.</param>
    /// <param name="store">Where the coefficients are declared.</param>
    /// <param name="settings">Where they start, and their targets.</param>
    /// <param name="branches">Branches of the network.</param>
    /// <exception cref="ArenaExhaustedException">No memory for the bounds.</exception>
    public AdaptiveCoefficients(Backend backend, ParameterStore store, LipschitzSettings settings, int branches)
        : base(backend)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(branches);
        _settings = settings;
        _state = store.AddState(
            "lipschitz.coefficients", new Shape(branches), random: false, (float)settings.Coefficient);
        _values = new float[branches];
        _worst = new InversionRecord[branches];
        Array.Fill(_values, (float)settings.Coefficient);
        Bounds = Own(new Shape(branches), ElementType.Float64, MemoryPurpose.Workspace);
    }

    /// <summary>
    /// The worst record of each branch in the step so far; ranks write the worst of all into it.
    /// </summary>
    public Span<InversionRecord> Worst => _worst;

    /// <summary>c_b of every branch in the next step.</summary>
    public ReadOnlySpan<float> Values => _values;

    /// <summary>
    /// float64 [branches]: |s|·∏σ of every branch as it was last prepared, what c_b is held
    /// against.
    /// </summary>
    public Tensor Bounds { get; }

    /// <summary>c_b of every branch, on the device; there once the store is built.</summary>
    public Tensor State
    {
        get
        {
            RequireOpen();
            return _state.Value;
        }
    }

    /// <summary>c_b of one branch, on the device.</summary>
    public Tensor Of(int branch) => State.Scalar(branch);

    /// <summary>
    /// Reads back what was written into the state from outside, such as from a checkpoint.
    /// </summary>
    public void Reload() => Backend.Download<float>(State, _values);

    /// <summary>Takes the records of one of the batches of a step.</summary>
    public void Observe(ReadOnlySpan<InversionRecord> records)
    {
        RequireOpen();
        for (int branch = 0; branch < _worst.Length; branch++)
        {
            _worst[branch] = _worst[branch].Worse(records[branch]);
        }
    }

    /// <summary>Drops what was observed in a step that did not come to its end.</summary>
    public void Forget() => Array.Clear(_worst);

    /// <summary>
    /// Moves every coefficient by the record of its branch's inversion. Coefficients of branches
    /// that were not inverted stay.
    /// </summary>
    /// <param name="records">Of the last batch of the step that was just done.</param>
    /// <param name="bounds">Content of <see cref="Bounds"/> in that step.</param>
    public void Follow(ReadOnlySpan<InversionRecord> records, ReadOnlySpan<double> bounds)
    {
        Observe(records);
        bool moved = false;
        for (int branch = 0; branch < _values.Length; branch++)
        {
            float next = (float)AdaptiveRule.Next(_settings, _values[branch], bounds[branch], _worst[branch]);
            moved |= next != _values[branch];
            _values[branch] = next;
        }
        if (moved)
        {
            Backend.Upload<float>(_values, State);
        }
        Forget();
    }
}
