using RevUp.Backends;
using RevUp.Backends.Observed;
using RevUp.Interop.Nvtx;
using RevUp.Tensors;

namespace RevUp.Benchmarks.GpuModel;

/// <summary>Predicted cost of the operations that a step issues, by its parts.</summary>
internal sealed class CostCounter(GpuRates rates) : OperationObserver
{
    // Operations of more than one launch, as CudaBackend does them.
    private static readonly Dictionary<string, int> s_launches = new(StringComparer.Ordinal)
    {
        ["batch norm statistics"] = 2,
        ["batch norm backward"] = 3,
        ["channel affine backward"] = 3,
        ["quantize residual"] = 3,
        ["segmentation sums"] = 2,
        ["linear forward"] = 2,
        ["linear backward"] = 3,
        ["end weights"] = 2,
    };

    private static readonly string[] s_ofBlocks = ["forward", "inversion", "replay", "gradient"];
    private static readonly string[] s_ofWeights = ["pack weights", "copy weights", "end weights", "axpy", "dot"];

    private readonly SortedDictionary<string, PartCost> _parts = new(StringComparer.Ordinal);

    /// <summary>Costs by part and kind of work, such as "inversion, convolution".</summary>
    public IReadOnlyDictionary<string, PartCost> Parts => _parts;

    /// <summary>The whole step.</summary>
    public PartCost Total => _parts.Values.Aggregate(default(PartCost), (a, b) => a + b);

    /// <summary>Elements of the inputs of all blocks, for a whole batch.</summary>
    public double StreamElements { get; set; }

    /// <summary>Bytes that blocks move for each element of the residual stream.</summary>
    public double BytesPerElement => _parts
        .Where(part => s_ofBlocks.Any(name => part.Key.StartsWith(name, StringComparison.Ordinal)))
        .Sum(part => part.Value.Bytes) / StreamElements;

    /// <summary>Forgets what was counted.</summary>
    public void Clear() => _parts.Clear();

    public override void Begin(string name, ReadOnlySpan<Tensor> operands, double products)
    {
        double bytes = Bytes(operands);
        int launches = Launches(name, operands);
        string part = ModelPart.Of(NvtxRange.Path);
        string kind = s_ofWeights.Contains(name) ? "weights" : "pointwise";
        Add(
            part is "power iteration" or "factors of branches" or "optimiser" or "other" ? part : $"{part}, {kind}",
            new PartCost(
                launches, bytes, products,
                Math.Max(rates.Pointwise(bytes, launches), products / rates.Fma + launches * rates.Launch)));
    }

    public override void BeginPass(
        string pass, ConvolutionGeometry geometry, ReadOnlySpan<Tensor> operands, double products)
    {
        double bytes = Bytes(operands), weights = geometry.Weights.Count;
        bool isCast = pass == "wgrad" && operands[2].Type != geometry.Type;
        if (pass != "wgrad" || isCast)
        {
            // Weights are as wide as the convolution.
            bytes += weights * (geometry.Type.Size() - sizeof(float));
        }
        // The only passes of our own kernels are those with the operation behind them.
        bool isOwn = pass.Contains(',', StringComparison.Ordinal);
        PartCost cost = new(1, bytes, products, rates.Convolution(geometry, bytes, products, isOwn));
        if (isCast)
        {
            double cast = weights * (sizeof(float) + geometry.Type.Size());
            cost += new PartCost(1, cast, 0, rates.Pointwise(cast, launches: 1));
        }
        Add($"{ModelPart.Of(NvtxRange.Path)}, convolution", cost);
    }

    public override void BeginCopy(string name, long bytes) =>
        Add("copies to and from the host", new PartCost(1, bytes, 0, rates.Launch));

    public override void End()
    {
    }

    private static int Launches(string name, ReadOnlySpan<Tensor> operands) => name switch
    {
        "channel rotations forward" => 1 + Distances(operands),
        "channel rotations backward" => Distances(operands),
        _ => s_launches.GetValueOrDefault(name, 1),
    };

    private static int Distances(ReadOnlySpan<Tensor> operands)
    {
        int channels = operands[1].Shape.Channels, distances = 0;
        for (int distance = 1; distance < channels; distance *= 2)
        {
            distances++;
        }
        return distances;
    }

    private void Add(string part, PartCost cost) => _parts[part] = _parts.GetValueOrDefault(part) + cost;
}
