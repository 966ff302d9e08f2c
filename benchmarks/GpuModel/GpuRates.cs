using RevUp.Backends;
using RevUp.Tensors;

namespace RevUp.Benchmarks.GpuModel;

/// <summary>
/// Assumed rates of a GPU. None of them was measured here.
/// </summary>
/// <param name="Name">The GPU.</param>
/// <param name="Copy">Bytes read and written per second by a copy.</param>
/// <param name="PointwiseShare">Share of a copy's rate that pointwise kernels reach.</param>
/// <param name="ConvolutionShare">The same for the traffic of convolutions.</param>
/// <param name="BFloat16">FLOP/s of convolutions in bfloat16.</param>
/// <param name="Tf32">FLOP/s of convolutions in TF32.</param>
/// <param name="Fma">FLOP/s of convolutions in float32.</param>
/// <param name="NarrowShare">
/// Share of a tensor core's rate where products have fewer than <see cref="Wide"/> terms or
/// columns.
/// </param>
/// <param name="OwnShare">
/// Share of the convolutions' FLOP/s that our own kernels reach, which do the operation behind a
/// pass as well.
/// </param>
/// <param name="Launch">Seconds that a launch costs beside its work, with a full queue.</param>
/// <param name="Processors">Multiprocessors.</param>
internal sealed record GpuRates(
    string Name, double Copy, double PointwiseShare, double ConvolutionShare, double BFloat16, double Tf32, double Fma,
    double NarrowShare, double OwnShare, double Launch, int Processors)
{
    private const int Wide = 128;
    private const int Tile = 64;

    // A product of few tiles: start and end of a kernel, and the least time of one.
    private const double TileStart = 4e-6;
    private const double LeastProduct = 6e-6;

    /// <summary>The assumptions about an H200.</summary>
    public static GpuRates H200 { get; } = new(
        "H200", Copy: 4.3e12, PointwiseShare: 0.85, ConvolutionShare: 0.8, BFloat16: 450e12, Tf32: 230e12, Fma: 45e12,
        NarrowShare: 0.6, OwnShare: 0.45, Launch: 2.5e-6, Processors: 132);

    /// <summary>Seconds of an operation that is bound by memory.</summary>
    public double Pointwise(double bytes, int launches) => bytes / (Copy * PointwiseShare) + launches * Launch;

    /// <summary>Seconds of a pass of a convolution.</summary>
    /// <param name="geometry">The convolution.</param>
    /// <param name="bytes">Bytes that it moves.</param>
    /// <param name="operations">Floating-point operations.</param>
    /// <param name="isOwn">Whether our own kernel does it.</param>
    public double Convolution(ConvolutionGeometry geometry, double bytes, double operations, bool isOwn = false)
    {
        double rate = Rate(geometry) * (isOwn ? OwnShare : 1);
        double positions = geometry.Output.Count / geometry.OutputChannels;
        double tiles = Math.Ceiling(positions / Tile) * Math.Ceiling((double)geometry.OutputChannels / Tile);
        if (tiles < Processors)
        {
            // Each tile has a processor of its own: the time of one tile.
            return Math.Max(LeastProduct, operations / tiles * Processors / rate + TileStart);
        }
        return Math.Max(bytes / (Copy * ConvolutionShare), operations / rate) + Launch;
    }

    /// <summary>
    /// Whether a pass takes less time together with the operation behind it, as the device would
    /// find by a trial.
    /// </summary>
    public bool Fuses(ConvolutionGeometry geometry, ConvolutionFusion fusion)
    {
        int size = geometry.Type.Size();
        double operations = 2.0 * geometry.Output.Count * geometry.Weights.Count / geometry.OutputChannels;
        bool isForward = fusion is ConvolutionFusion.Stream or ConvolutionFusion.Activation;
        double result = (isForward ? geometry.Output : geometry.Input).Count;
        double pass = (double)size * (geometry.Input.Count + geometry.Output.Count + geometry.Weights.Count);
        // Bytes of an element that the operation reads and writes beside the result of the pass.
        int beside = fusion switch
        {
            ConvolutionFusion.Stream => 2 * sizeof(float) + (geometry.Type == ElementType.BFloat16 ? size : 0),
            ConvolutionFusion.Activation => size,
            ConvolutionFusion.Gradient => 2 * size,
            _ => 2 * sizeof(float) + 2 * size,
        };
        double apart = Convolution(geometry, pass, operations) + Pointwise((size + beside) * result, launches: 1);
        return Convolution(geometry, pass + (beside - size) * result, operations, isOwn: true) < apart;
    }

    private double Rate(ConvolutionGeometry geometry)
    {
        bool isBFloat16 = geometry.Type == ElementType.BFloat16;
        if (!isBFloat16 && !geometry.Tf32)
        {
            return Fma;
        }
        long terms = geometry.Weights.Count / geometry.OutputChannels;
        double share = Math.Min(terms, geometry.OutputChannels / geometry.Groups) < Wide ? NarrowShare : 1;
        return share * (isBFloat16 ? BFloat16 : Tf32);
    }
}
