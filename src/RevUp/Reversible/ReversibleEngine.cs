using RevUp.Backends;
using RevUp.Interop.Nvtx;
using RevUp.Layers;
using RevUp.Tensors;

namespace RevUp.Reversible;

/// <summary>
/// Runs a chain of layers forward and backward and decides what is kept in between. The backward
/// pass walks from the output to the input; each layer's input is one that was kept, is retraced
/// from its codes, is recomputed from a kept one below, or is rebuilt from its output, which the
/// layer above has just handed down.
/// </summary>
/// <remarks>
/// The network's input is the caller's and must stay until the backward pass is over. Activation
/// memory under <see cref="MemoryPolicy.Invert"/> does not depend on the number of blocks. An
/// inversion whose residual stays above the hard limit is never trained on: the block's input is
/// recomputed forward from the nearest kept activation, which is what a step with that block stored
/// would have used, counted in <see cref="Replays"/>. A skip connection of a U-Net takes no memory
/// of its own (<see cref="Skip"/>): its tensor is the kept input of a transition, becomes the
/// stream of the decoder, and is rebuilt from it. It is then off by what the decoder's inversions
/// are off by.
/// </remarks>
internal sealed partial class ReversibleEngine : DeviceObject
{
    private readonly IReadOnlyList<Layer> _layers;
    private readonly int _frozen;
    private readonly BranchWork _work;
    private readonly Tensor[] _kept;
    private readonly SavedTensors[] _saved;
    private readonly FixedPointInversion _inversion;
    private readonly CompressedStream _stream;
    private MemoryPlan _plan;
    private Tensor _output;

    /// <param name="backend">The device.</param>
    /// <param name="layers">The network, first layer first.</param>
    /// <param name="work">Work on the branches of the network.</param>
    /// <param name="plan">Policies.</param>
    /// <param name="settings">Inversion settings.</param>
    /// <param name="frozen">Layers at the start of the network that are not trained.</param>
    public ReversibleEngine(
        Backend backend, IReadOnlyList<Layer> layers, BranchWork work, MemoryPlan plan, InversionSettings settings,
        int frozen = 0)
        : base(backend)
    {
        ArgumentNullException.ThrowIfNull(layers);
        ArgumentNullException.ThrowIfNull(plan);
        _layers = layers;
        _frozen = frozen;
        _work = work;
        _plan = plan;
        _kept = new Tensor[layers.Count];
        _saved = new SavedTensors[layers.Count];
        SetSlabs();
        _stream = new CompressedStream(backend, layers.Count);
        int iterated = layers.Count(layer => layer is Block { IsIterated: true });
        _inversion = Own(new FixedPointInversion(backend, settings, iterated));
    }

    /// <summary>Policies; may be replaced between steps.</summary>
    public MemoryPlan Plan
    {
        get => _plan;
        set
        {
            RequireOpen();
            ArgumentNullException.ThrowIfNull(value);
            _plan = value;
            SetSlabs();
            _inversion.Plan.Forget();
        }
    }

    /// <summary>Inversion settings; may be replaced between steps.</summary>
    public InversionSettings Inversion
    {
        get => _inversion.Settings;
        set => _inversion.Settings = value;
    }

    /// <summary>How the blocks were inverted in the last backward pass.</summary>
    public ReadOnlySpan<InversionRecord> Records => _inversion.Records;

    /// <summary>
    /// Inversions refused since the engine was made: each was replaced, or the whole step was done
    /// again.
    /// </summary>
    public long Replays { get; private set; }

    /// <summary>
    /// Called with the input that was rebuilt (or kept) for each block in a backward pass; for
    /// tests and measurements.
    /// </summary>
    public Action<Block, Tensor>? InputObserver { get; set; }

    /// <summary>
    /// Called with the position of each layer whose backward pass is through: its gradients are
    /// final.
    /// </summary>
    internal Action<int>? GradientsReady { get; set; }

    /// <summary>Rebuilds inputs, by one of two solvers.</summary>
    internal FixedPointInversion Inverter => _inversion;

    /// <summary>Content that compressed blocks keep.</summary>
    internal CompressedStream Stream => _stream;

    /// <summary>
    /// The training forward pass. <paramref name="input"/> stays the caller's; the output, which is
    /// returned, the engine's. It is empty where the head has handed it to its loss.
    /// <see cref="Backward"/> must follow.
    /// </summary>
    public Tensor Forward(Tensor input) => Forward(input, planned: false);

    /// <summary>
    /// The same; when <paramref name="planned"/> is set, the inversions of the backward pass follow
    /// the plan, which must be known.
    /// </summary>
    internal Tensor Forward(Tensor input, bool planned)
    {
        using NvtxRange forward = Backend.Range(ProfilerRanges.Forward);
        _inversion.Begin(planned);
        Tensor x = input;
        for (int i = 0; i < _layers.Count; i++)
        {
            x = ForwardThrough(i, x);
        }
        return _output = x;
    }

    /// <summary>
    /// The part of one layer, as the plan wants it: from its input, which is taken over, to its
    /// output.
    /// </summary>
    internal Tensor ForwardThrough(int index, Tensor x)
    {
        if (index < _frozen)
        {
            return ForwardFrozen(index, x);
        }
        MemoryPolicy policy = Plan.For(_layers[index]);
        // The network's input stays in any case, and need not be coded.
        return policy == MemoryPolicy.Compress && index > 0 ? Compress(index, x)
            : _stream.IsLive ? LeaveStream(index, x, policy)
            : Forward(index, x, policy);
    }

    /// <summary>
    /// Forgets a step that failed half-way; its tensors are for the caller to free
    /// (<see cref="Arena.FreeSince"/>).
    /// </summary>
    public void Forget()
    {
        _output = default;
        Array.Clear(_kept);
        Array.Clear(_saved);
        _stream.Forget();
        _work.Forget();
        foreach (Layer layer in _layers)
        {
            layer.ReleaseWeights();
            (layer as StridedTransition)?.Skip?.Forget();
        }
    }

    /// <summary>
    /// The backward pass: takes <paramref name="gradient"/>, the output's, over (it may be the
    /// output's own memory, overwritten, and is empty where the output is), adds to the parameters'
    /// gradients and frees everything kept.
    /// </summary>
    public void Backward(Tensor gradient)
    {
        using NvtxRange backward = Backend.Range(ProfilerRanges.Backward);
        bool overwritten = gradient == _output;
        if (overwritten && _kept[^1].IsEmpty && !_stream.IsLive)
        {
            throw new ArgumentException(
                "The gradient lies in the memory of the output, and the last layer "
                + $"'{_layers[^1].Name}' is inverted from it.",
                nameof(gradient));
        }
        // The output of the layer about to be processed, or what was decoded of it, while there is
        // one.
        Tensor y = overwritten ? default : _output;
        _output = default;
        if (_stream.IsLive)
        {
            FreeIfAny(ref y);
            y = _stream.Take();
        }
        for (int i = _layers.Count - 1; i >= _frozen; i--)
        {
            BackwardThrough(i, ref y, ref gradient);
        }
        _work.Finish();
        FreeIfAny(ref gradient);
        if (_frozen > 0)
        {
            EndFrozen(ref y);
        }
    }

    /// <summary>
    /// The part of one layer: <paramref name="y"/>, its output, or what was decoded of that, or
    /// empty where it is not needed, becomes its input, and <paramref name="gradient"/> the
    /// gradient of that.
    /// </summary>
    internal void BackwardThrough(int index, ref Tensor y, ref Tensor gradient)
    {
        Layer layer = _layers[index];
        Block? block = layer as Block;
        using NvtxRange range = Backend.Range(layer.RangeName);
        if (layer is TransposedTransition join)
        {
            join.Separate(_kept[index], y);
            y = default;
        }
        Tensor x, point;
        if (KeepsInput(index))
        {
            FreeIfAny(ref y);
            x = point = SkipAt(index)?.Take() ?? _kept[index];
            _kept[index] = default;
        }
        else if (_stream.Has(index))
        {
            x = point = _stream.Retrace(index, y);
        }
        else if (!_saved[index].IsEmpty || AbsorbsInput(index, MemoryPolicy.Checkpoint))
        {
            FreeIfAny(ref y);
            x = point = default;
        }
        else if (block is { IsRecomputed: true })
        {
            FreeIfAny(ref y);
            x = point = Recompute(index);
        }
        else
        {
            x = Inverse(index, y, out point);
            if (x.IsEmpty)
            {
                Backend.Memory.Free(y);
                // What the attempt packed would lie beside what the recomputation packs.
                layer.ReleaseWeights();
                x = point = Replay(index);
            }
        }
        if (block is not null)
        {
            InputObserver?.Invoke(block, x);
            if (AbsorbsInput(index, MemoryPolicy.Checkpoint))
            {
                ((ResidualBlock)block).Fused!.RecomputeAll(x, ref _saved[index]);
            }
        }
        gradient = layer.Backward(
            point, gradient, inputGradient: index > _frozen, ref _saved[index], ReaderOfGradient(index));
        layer.ReleaseWeights();
        if (point != x)
        {
            Backend.Memory.Free(point);
        }
        y = x;
        if (GradientsReady is not null)
        {
            _work.Finish();
            GradientsReady(index);
        }
    }

    /// <summary>Counts a step that is repeated because an inversion was refused.</summary>
    internal void CountReplay() => Replays++;

    /// <summary>Whether the input of a layer is kept for the backward pass.</summary>
    internal bool KeepsInput(int index) => !Kept(index).IsEmpty;

    /// <summary>
    /// Frees what a forward pass without its backward pass has kept; the network's input stays.
    /// </summary>
    protected override void Close(Arena memory)
    {
        for (int i = 0; i < _kept.Length; i++)
        {
            memory.TryFree(i == 0 ? default : _kept[i]);
            _saved[i].TryFree(memory);
        }
        memory.TryFree(_output);
        _stream.Free(memory);
        for (int i = 0; i < _layers.Count; i++)
        {
            SkipAt(i)?.Free(memory);
        }
    }

    private void SetSlabs() => Layer.SetSlabs(_layers, Math.Max(0, _plan.Slab));

    // The connection that holds the input of a layer.
    private Skip? SkipAt(int index) => (_layers[index] as StridedTransition)?.Skip;

    private Tensor Kept(int index) => SkipAt(index)?.Value ?? _kept[index];

    private Tensor Forward(int index, Tensor x, MemoryPolicy policy)
    {
        // A skip connection takes its tensor over, and so keeps it.
        bool hasSkip = SkipAt(index) is not null;
        bool isAbsorbed = AbsorbsInput(index, MemoryPolicy.Store) || AbsorbsInput(index, MemoryPolicy.Checkpoint);
        if (!hasSkip && !isAbsorbed && (index == 0 || policy != MemoryPolicy.Invert || KeepsForRecomputation(index)))
        {
            _kept[index] = x;
        }
        ForwardMode mode = isAbsorbed ? policy == MemoryPolicy.Store ? ForwardMode.Absorb : ForwardMode.AbsorbFirst
            : policy == MemoryPolicy.Store && !hasSkip ? ForwardMode.Store
            : _kept[index].IsEmpty ? ForwardMode.Consume
            : ForwardMode.Keep;
        return Forward(index, x, mode, ref _saved[index], ReaderOfOutput(index));
    }

    private Tensor Forward(
        int index, Tensor x, ForwardMode mode, ref SavedTensors saved, Neighbour next = default)
    {
        using NvtxRange range = Backend.Range(_layers[index].RangeName);
        x = _layers[index].Forward(x, mode, ref saved, next);
        _layers[index].ReleaseWeights();
        return x;
    }

    private Tensor Inverse(int index, Tensor y, out Tensor point)
    {
        using NvtxRange range = Backend.Range(ProfilerRanges.Inversion);
        return _layers[index] is Block block
            ? block.Invert(_inversion, y, ref _saved[index], out point, ReaderOfInput(index))
            : _layers[index].Inverse(y, ref _saved[index], out point);
    }

    private Tensor Replay(int index)
    {
        using NvtxRange replay = Backend.Range(ProfilerRanges.Replay);
        Replays++;
        return Recompute(index);
    }

    /// <summary>
    /// The exact input of layer <paramref name="index"/>, computed forward from the nearest kept
    /// activation at or below it. That of a decoder may begin with a transition that joins a skip
    /// connection, whose tensor is computed again as well: it has become the decoder's stream.
    /// </summary>
    private Tensor Recompute(int index)
    {
        int start = index - 1;
        while (!KeepsInput(start))
        {
            start--;
        }
        if (_layers[start] is TransposedTransition { Skip: { Value.IsEmpty: true } skip })
        {
            skip.Value = Recompute(_layers.Index().First(entry => SkipAt(entry.Index) == skip).Index);
        }
        SavedTensors none = default;
        Tensor x = Forward(start, Kept(start), ForwardMode.Keep, ref none);
        for (int i = start + 1; i < index; i++)
        {
            x = Forward(i, x, ForwardMode.Consume, ref none);
        }
        return x;
    }

    private void FreeIfAny(ref Tensor tensor)
    {
        if (!tensor.IsEmpty)
        {
            Backend.Memory.Free(tensor);
            tensor = default;
        }
    }
}
