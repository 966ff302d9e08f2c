using RevUp.Backends;
using RevUp.Tensors;

namespace RevUp.Layers;

/// <summary>
/// Owns a network's parameters and state. All values lie in one buffer and all gradients in
/// another, group after group, so that zeroing, clipping and the optimiser's update are one launch
/// each. Frozen values lie behind the trained ones and have no gradients. Declare everything, then
/// <see cref="Build"/> once.
/// </summary>
internal sealed class ParameterStore : DeviceObject
{
    private readonly List<Parameter> _parameters = [];
    private readonly List<StateTensor> _state = [];
    private readonly List<RateRange> _ranges = [];
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

    /// <summary>Numbers of all parameters, alignment gaps not counted.</summary>
    public long Count => _parameters.Sum(p => p.Shape.Count);

    /// <summary>Those of parameters that are not frozen.</summary>
    public long TrainedCount => _parameters.Where(p => !p.IsFrozen).Sum(p => p.Shape.Count);

    /// <summary>All values, flat; gaps between tensors are zero.</summary>
    public Tensor Values { get; private set; }

    /// <summary>The start of <see cref="Values"/>: all that are not frozen.</summary>
    public Tensor Trained => Values.Slice(0, Gradients.Shape);

    /// <summary>
    /// All gradients, laid out like <see cref="Trained"/>; empty where nothing trains.
    /// </summary>
    public Tensor Gradients { get; private set; }

    /// <summary>
    /// Ranges of <see cref="Trained"/> whose parameters have one group and rate, in order; each
    /// starts where the one before ends.
    /// </summary>
    public IReadOnlyList<RateRange> Ranges => (_shared ?? this)._ranges;

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
    public long EndOf(ParameterGroup group) => Ranges.Last(range => range.Group == group).End;

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
        long[] offsets = Layout(out long trained, out long total);
        ConfigurationException.Require(
            total <= int.MaxValue,
            $"the network has {Count} parameters, and at most {int.MaxValue} are possible; use fewer blocks, channels "
            + $"or classes");
        // A store of state alone still has buffers, of one unused number.
        Values = Own(new Shape((int)Math.Max(1, total)), ElementType.Float32, MemoryPurpose.Parameters);
        Backend.Fill(Values, 0);
        if (Trains)
        {
            Gradients = Own(new Shape((int)Math.Max(1, trained)), ElementType.Float32, MemoryPurpose.Gradients);
            Backend.Fill(Gradients, 0);
        }
        for (int i = 0; i < _parameters.Count; i++)
        {
            Parameter parameter = _parameters[i];
            parameter.Value = Values.Slice(offsets[i], parameter.Shape);
            parameter.Gradient =
                Trains && !parameter.IsFrozen ? Gradients.Slice(offsets[i], parameter.Shape) : default;
            Draw(parameter.Value, parameter.Initialization, new CounterRandom(seed, InitializationStream, i));
        }
        BuildState(seed);
    }

    private const long InitializationStream = 1;
    private const long StateStream = 2;

    // Tensors start at multiples of the arena's alignment, also a weight of one number; scalars lie
    // side by side. The ranges of the optimiser start at such multiples, too.
    private long[] Layout(out long trained, out long total)
    {
        ParameterGroup[] groups = Enum.GetValues<ParameterGroup>();
        long[] offsets = new long[_parameters.Count];
        long end = 0;
        foreach (ParameterGroup group in groups)
        {
            end = Align(end);
            double? rate = null;
            foreach (int i in Of(group, frozen: false))
            {
                if (rate is { } before && before != _parameters[i].Rate)
                {
                    _ranges.Add(new RateRange(group, before, end));
                    end = Align(end);
                }
                rate = _parameters[i].Rate;
                Place(i);
            }
            _ranges.Add(new RateRange(group, rate ?? 1, end));
        }
        // Each range ends where the next one starts.
        for (int i = 0; i < _ranges.Count - 1; i++)
        {
            _ranges[i] = _ranges[i] with { End = Align(_ranges[i].End) };
        }
        trained = end;
        int[] others = [.. groups.SelectMany(group => Of(group, frozen: true))];
        end = others.Length > 0 ? Align(end) : end;
        Array.ForEach(others, Place);
        total = end;
        return offsets;

        IEnumerable<int> Of(ParameterGroup group, bool frozen) => Enumerable.Range(0, _parameters.Count)
            .Where(i => _parameters[i].Group == group && _parameters[i].IsFrozen == frozen);

        void Place(int i)
        {
            bool isTensor = _parameters[i].Group == ParameterGroup.Weights || _parameters[i].Shape.Count > 1;
            offsets[i] = isTensor ? Align(end) : end;
            end = offsets[i] + _parameters[i].Shape.Count;
        }
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

    private bool IsKept(StateTensor state) => !state.Random || (Trains && !state.IsFrozen);

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
