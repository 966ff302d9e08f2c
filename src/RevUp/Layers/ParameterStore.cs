using RevUp.Backends;
using RevUp.Tensors;

namespace RevUp.Layers;

/// <summary>
/// Owns a network's parameters and state. All values lie in one buffer and all gradients in
/// another, group after group, so that zeroing, clipping and the optimiser's update are one launch
/// each. Declare everything, then <see cref="Build"/> once.
/// </summary>
internal sealed class ParameterStore : DeviceObject
{
    private readonly List<Parameter> _parameters = [];
    private readonly List<StateTensor> _state = [];
    private readonly long[] _groupStart = new long[Enum.GetValues<ParameterGroup>().Length + 1];
    private readonly ParameterStore? _shared;

    /// <summary>An empty store on <paramref name="backend"/>.</summary>
    /// <param name="backend">The device.</param>
    /// <param name="shared">
    /// A built store that keeps everything that this one declares: a declaration finds the tensor
    /// of its name there. Null for a store of its own.
    /// </param>
    /// <param name="trains">
    /// Whether there are gradients and vectors of power iterations: without them, a store holds
    /// what predictions need. Their tensors are empty.
    /// </param>
    public ParameterStore(Backend backend, ParameterStore? shared = null, bool trains = true)
        : base(backend)
    {
        Trains = trains;
        if (shared is not null)
        {
            _shared = shared;
            (Values, Gradients, StateValues) = (shared.Values, shared.Gradients, shared.StateValues);
        }
        Copies = Own(new WeightCopies(backend));
    }

    /// <summary>All parameters, in order of declaration.</summary>
    public IReadOnlyList<Parameter> Parameters => _parameters;

    /// <summary>All state tensors, in order of declaration.</summary>
    public IReadOnlyList<StateTensor> State => _state;

    /// <summary>Whether there are gradients and vectors of power iterations.</summary>
    public bool Trains { get; }

    /// <summary>Copies of weights that convolutions are computed with.</summary>
    public WeightCopies Copies { get; }

    /// <summary>Trainable numbers, alignment gaps not counted.</summary>
    public long Count => _parameters.Sum(p => p.Shape.Count);

    /// <summary>All values, flat; gaps between tensors are zero.</summary>
    public Tensor Values { get; private set; }

    /// <summary>
    /// All gradients, laid out like <see cref="Values"/>; empty where nothing trains.
    /// </summary>
    public Tensor Gradients { get; private set; }

    /// <summary>
    /// The values of all state, flat, each starting at a multiple of 16 elements; empty when there
    /// is none.
    /// </summary>
    public Tensor StateValues { get; private set; }

    /// <summary>Declares a parameter.</summary>
    public Parameter Add(string name, Shape shape, ParameterGroup group, Initialization initialization)
    {
        RequireOpen();
        ArgumentNullException.ThrowIfNull(name);
        Parameter parameter = _shared?._parameters.Single(p => p.Name == name && p.Shape == shape)
            ?? new Parameter(name, shape, group, initialization);
        _parameters.Add(parameter);
        return parameter;
    }

    /// <summary>Declares a state tensor.</summary>
    public StateTensor AddState(string name, Shape shape, bool random, float initial = 0)
    {
        RequireOpen();
        ArgumentNullException.ThrowIfNull(name);
        StateTensor state = _shared?._state.Single(s => s.Name == name && s.Shape == shape)
            ?? new StateTensor(name, shape, random, initial);
        _state.Add(state);
        return state;
    }

    /// <summary>
    /// Where a group ends in the flat buffers, in elements; it starts where the one before ends.
    /// </summary>
    public long EndOf(ParameterGroup group) => (_shared ?? this)._groupStart[(int)group + 1];

    /// <summary>
    /// Allocates and initialises everything. Each parameter's numbers depend on the seed and its
    /// place in the declaration only.
    /// </summary>
    /// <exception cref="ConfigurationException">
    /// More parameters than one buffer may have.
    /// </exception>
    /// <exception cref="ArenaExhaustedException">No memory for them.</exception>
    /// <exception cref="InvalidOperationException">The store was built before.</exception>
    public void Build(ulong seed)
    {
        RequireOpen();
        if (!Values.IsEmpty)
        {
            throw new InvalidOperationException("The parameters were built before; declare others in a new store.");
        }
        long[] offsets = Layout(out long total);
        ConfigurationException.Require(
            total <= int.MaxValue,
            $"the network has {Count} parameters, and at most {int.MaxValue} are possible; use fewer blocks, channels "
            + $"or classes");
        // A store of state alone still has buffers, of one unused number.
        Shape flat = new((int)Math.Max(1, total));
        Values = Own(flat, ElementType.Float32, MemoryPurpose.Parameters);
        Backend.Fill(Values, 0);
        if (Trains)
        {
            Gradients = Own(flat, ElementType.Float32, MemoryPurpose.Gradients);
            Backend.Fill(Gradients, 0);
        }
        for (int i = 0; i < _parameters.Count; i++)
        {
            Parameter parameter = _parameters[i];
            parameter.Value = Values.Slice(offsets[i], parameter.Shape);
            parameter.Gradient = Trains ? Gradients.Slice(offsets[i], parameter.Shape) : default;
            Draw(parameter.Value, parameter.Initialization, new CounterRandom(seed, InitializationStream, i));
        }
        BuildState(seed);
    }

    private const long InitializationStream = 1;
    private const long StateStream = 2;

    // Tensors start at multiples of the arena's alignment; scalars lie side by side.
    private long[] Layout(out long total)
    {
        long[] offsets = new long[_parameters.Count];
        total = 0;
        foreach (ParameterGroup group in Enum.GetValues<ParameterGroup>())
        {
            total = Align(total);
            _groupStart[(int)group] = total;
            for (int i = 0; i < _parameters.Count; i++)
            {
                if (_parameters[i].Group == group)
                {
                    offsets[i] = _parameters[i].Shape.Count > 1 ? Align(total) : total;
                    total = offsets[i] + _parameters[i].Shape.Count;
                }
            }
        }
        _groupStart[^1] = total;
        return offsets;
    }

    private void BuildState(ulong seed)
    {
        long total = _state.Sum(state => IsKept(state) ? Align(state.Shape.Count) : 0);
        if (total == 0)
        {
            return;
        }
        ConfigurationException.Require(
            total <= int.MaxValue,
            $"power iteration keeps {total} numbers, and at most {int.MaxValue} are possible; lower "
            + $"model.lipschitz.maximumExtent");
        StateValues = Own(new Shape((int)total), ElementType.Float32, MemoryPurpose.Optimizer);
        Backend.Fill(StateValues, 0);
        long offset = 0;
        for (int i = 0; i < _state.Count; i++)
        {
            StateTensor state = _state[i];
            if (!IsKept(state))
            {
                continue;
            }
            state.Value = StateValues.Slice(offset, state.Shape);
            Initialization initialization = state.Random
                ? Initialization.Normal(1 / Math.Sqrt(state.Shape.Count))
                : Initialization.Constant(state.Initial);
            Draw(state.Value, initialization, new CounterRandom(seed, StateStream, i));
            offset += Align(state.Shape.Count);
        }
    }

    private bool IsKept(StateTensor state) => Trains || !state.Random;

    private static long Align(long offset)
    {
        const long step = Arena.Alignment / sizeof(float);
        return (offset + step - 1) / step * step;
    }

    private void Draw(Tensor tensor, Initialization initialization, CounterRandom random)
    {
        if (!Backend.Computes)
        {
            return;
        }
        float[] values = new float[tensor.Count];
        for (int i = 0; i < values.Length; i++)
        {
            double deviation = initialization.StandardDeviation;
            values[i] = (float)(initialization.Mean + (deviation == 0 ? 0 : deviation * random.NextNormal()));
        }
        Backend.Upload<float>(values, tensor);
    }
}
