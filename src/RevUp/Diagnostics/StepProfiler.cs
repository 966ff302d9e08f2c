using RevUp.Backends;
using RevUp.Backends.Observed;
using RevUp.Interop.Nvtx;
using RevUp.Layers;
using RevUp.Tensors;

namespace RevUp.Diagnostics;

/// <summary>
/// Divides the time of training steps, on the device's clock, among operations and the gaps between
/// them. Each moment of a step belongs to one operation or to one gap, so the parts add up to the
/// step.
/// </summary>
/// <param name="clock">A clock of the device, which the caller disposes.</param>
/// <param name="launches">The device's count of launches.</param>
internal sealed class StepProfiler(DeviceClock clock, Func<long> launches) : OperationObserver
{
    private readonly Dictionary<ProfileKey, ProfileCost> _costs = [];
    private readonly Dictionary<NvtxName, int> _layers = [];
    private readonly Dictionary<(string Pass, ConvolutionGeometry Geometry), string> _passes = [];
    private readonly List<ProfileCost> _owners = []; // of the time before each mark but the first
    private readonly List<double> _times = [];
    private readonly List<double> _steps = [];
    private string[] _layerNames = [];
    private HostActivity _activity;
    private ProfileCost? _operation;
    private long _launched;
    private bool _isOpen;

    /// <summary>Names of the layers, by which operations are told apart.</summary>
    public void Name(IReadOnlyList<Layer> layers)
    {
        _layerNames = [.. layers.Select(layer => layer.Name)];
        for (int i = 0; i < layers.Count; i++)
        {
            _layers[layers[i].RangeName] = i;
        }
    }

    /// <summary>A step begins; operations outside of steps are not measured.</summary>
    public void BeginStep()
    {
        (_isOpen, _activity) = (true, HostActivity.Issuing);
        clock.Mark();
    }

    /// <summary>The host does something else from here on.</summary>
    public void Enter(HostActivity activity)
    {
        if (_isOpen && activity != _activity)
        {
            Mark(Cost(Idle));
            _activity = activity;
        }
    }

    /// <summary>The step is over, all of its work too: its times are read.</summary>
    public void EndStep()
    {
        Mark(Cost(Idle));
        _isOpen = false;
        _times.Clear();
        clock.Read(_times);
        for (int i = 0; i < _times.Count; i++)
        {
            _owners[i].Milliseconds += _times[i];
        }
        _owners.Clear();
        _steps.Add(_times.Sum());
    }

    /// <summary>The steps so far.</summary>
    public StepProfile Profile() => StepProfile.Of(_layerNames, _steps, _costs);

    /// <inheritdoc/>
    public override void Begin(string name, ReadOnlySpan<Tensor> operands, double products = 0) =>
        Begin(name, Bytes(operands), products);

    /// <inheritdoc/>
    public override void BeginPass(
        string pass, ConvolutionGeometry geometry, ReadOnlySpan<Tensor> operands, double products)
    {
        // The weights are as wide as the convolution, whatever the operand says.
        long narrower = geometry.Weights.Count * (operands[2].Type.Size() - geometry.Type.Size());
        Begin(_isOpen ? Describe(pass, geometry) : pass, Bytes(operands) - narrower, products);
    }

    /// <summary>
    /// A copy of a batch that is handed over belongs to that: a GPU does it beside the step's work.
    /// </summary>
    public override void BeginCopy(string name, long bytes)
    {
        if (_activity != HostActivity.HandingOver)
        {
            Begin(name, bytes, 0);
        }
    }

    /// <inheritdoc/>
    public override void End()
    {
        if (_operation is { } operation)
        {
            Mark(operation);
            operation.Launches += launches() - _launched;
            _operation = null;
        }
    }

    private ProfileKey Idle => new("", StepPart.Other, ProfileKey.NoLayer, _activity);

    private void Begin(string name, long bytes, double products)
    {
        if (!_isOpen)
        {
            return;
        }
        (StepPart part, int layer) = Place();
        ProfileKey key = new(part == StepPart.PowerIteration ? "power iteration" : name, part, layer, null);
        Mark(Cost(_activity == HostActivity.Issuing
            ? key with { Operation = "", Gap = HostActivity.Issuing }
            : Idle));
        _operation = Cost(key);
        _operation.Calls++;
        _operation.Bytes += bytes;
        _operation.Products += products;
        _launched = launches();
    }

    private void Mark(ProfileCost owner)
    {
        clock.Mark();
        _owners.Add(owner);
    }

    private ProfileCost Cost(ProfileKey key)
    {
        if (!_costs.TryGetValue(key, out ProfileCost? cost))
        {
            _costs.Add(key, cost = new ProfileCost());
        }
        return cost;
    }

    // By the open ranges; a layer that runs again inside another is the other's cost.
    private (StepPart Part, int Layer) Place()
    {
        StepPart part = StepPart.Other;
        int layer = ProfileKey.NoLayer;
        foreach (NvtxName name in NvtxRange.Opened)
        {
            part = PartOf(name) ?? part;
            layer = layer == ProfileKey.NoLayer && _layers.TryGetValue(name, out int known) ? known : layer;
        }
        return (part, layer);
    }

    private static StepPart? PartOf(NvtxName name) =>
        name == ProfilerRanges.Prepare ? StepPart.Weights
        : name == ProfilerRanges.PowerIteration ? StepPart.PowerIteration
        : name == ProfilerRanges.Forward ? StepPart.Forward
        : name == ProfilerRanges.Backward ? StepPart.Gradient
        : name == ProfilerRanges.Inversion ? StepPart.Inversion
        : name == ProfilerRanges.Replay ? StepPart.Replay
        : name == ProfilerRanges.Optimizer ? StepPart.Optimizer
        : null;

    // "fprop 3×3", "wgrad 1×1×1, grouped".
    private string Describe(string pass, ConvolutionGeometry geometry)
    {
        if (!_passes.TryGetValue((pass, geometry), out string? text))
        {
            text = $"{pass} {string.Join('×', geometry.Kernel.ToArray(geometry.Input.SpatialRank))}"
                + (geometry.Groups > 1 ? ", grouped" : "");
            _passes.Add((pass, geometry), text);
        }
        return text;
    }
}
