using RevUp.Interop;
using RevUp.Interop.Cuda;
using RevUp.Tensors;

namespace RevUp.Backends.Cuda;

/// <summary>
/// A convolution of one geometry on our own kernels, native/cuda/convolution.cu: the plan of last
/// resort, which takes every geometry. And the check of single results, whoever computed them.
/// </summary>
internal sealed partial class OwnConvolution
{
    private const int TileRows = 128;
    private const int TileColumns = 64;
    private const int GeometryArguments = 16;

    // Fewer positions than this many would be a part of the sum that is not worth a block.
    private const long PositionsOfPart = 512;
    private const int TilesPerProcessor = 4;

    private readonly ConvolutionGeometry _geometry;
    private readonly KernelTable _kernels;
    private readonly KernelLauncher _launcher;
    private readonly KernelArgument[] _arguments;
    private readonly long _parts;

    /// <param name="geometry">The convolution.</param>
    /// <param name="kernels">The kernels.</param>
    /// <param name="launcher">Issues them.</param>
    /// <param name="multiprocessors">Of the device, which wgrad's sum is divided for.</param>
    /// <param name="workspaceLimit">The largest workspace, in bytes.</param>
    public OwnConvolution(
        ConvolutionGeometry geometry, KernelTable kernels, KernelLauncher launcher, int multiprocessors,
        long workspaceLimit)
    {
        _geometry = geometry;
        _kernels = kernels;
        _launcher = launcher;
        _arguments = Describe(geometry);
        long weightBytes = geometry.Weights.Count * sizeof(float);
        long wanted = Math.Min(
            DividedUp(TilesPerProcessor * multiprocessors, WeightTiles), DividedUp(Outputs, PositionsOfPart));
        _parts = Math.Max(1, Math.Min(wanted, workspaceLimit / weightBytes));
    }

    /// <summary>Bytes of workspace of <see cref="BackwardWeights"/>.</summary>
    public long BackwardWeightsWorkspaceBytes => _parts > 1 ? _parts * _geometry.Weights.Count * sizeof(float) : 0;

    private KernelArgument Tf32 => _geometry.Tf32 ? 1L : 0L;

    private long Outputs => _geometry.Output.Count / _geometry.OutputChannels;

    private int InGroup => _geometry.Input.Channels / _geometry.Groups;

    private int OutGroup => _geometry.OutputChannels / _geometry.Groups;

    private long Taps => _geometry.Weights.Count / _geometry.OutputChannels / InGroup;

    private long WeightTiles =>
        DividedUp(OutGroup, TileRows) * DividedUp(InGroup, TileColumns) * _geometry.Groups * Taps;

    /// <summary>y = w ∗ x, in the geometry's type.</summary>
    public void Forward(DevicePointer x, DevicePointer w, DevicePointer y) =>
        _launcher.Rows(
            _kernels.ConvolutionForward(_geometry.Type),
            ForwardBlocks,
            Arguments([Tf32, x.Address, w.Address, y.Address], stackalloc KernelArgument[GeometryArguments + 4]));

    /// <summary>dx = wᵀ ∗ dy, in the geometry's type.</summary>
    public void BackwardData(DevicePointer dy, DevicePointer w, DevicePointer dx) =>
        _launcher.Rows(
            _kernels.ConvolutionBackwardData(_geometry.Type),
            BackwardDataBlocks,
            Arguments([Tf32, dy.Address, w.Address, dx.Address], stackalloc KernelArgument[GeometryArguments + 4]));

    /// <summary>dw = gradient of w, overwritten, in float32.</summary>
    public void BackwardWeights(DevicePointer x, DevicePointer dy, DevicePointer dw, DevicePointer workspace)
    {
        DevicePointer sums = _parts > 1 ? workspace : dw;
        _launcher.Rows(
            _kernels.ConvolutionBackwardWeights(_geometry.Type), WeightTiles * _parts,
            Arguments(
                [Tf32, _parts, x.Address, dy.Address, sums.Address], stackalloc KernelArgument[GeometryArguments + 5]));
        if (_parts > 1)
        {
            long count = _geometry.Weights.Count;
            _launcher.Elementwise(_kernels.ConvolutionWeightsSum, count, [count, _parts, sums.Address, dw.Address]);
        }
    }

    /// <summary>
    /// wrong[i] = 1 where a result at a fixed pseudo-random place, borders included, is farther
    /// from the sum of its products than relative · |sum| + ofMagnitude · (sum of their
    /// magnitudes), else 0.
    /// </summary>
    /// <param name="pass">Whose operands and result they are.</param>
    /// <param name="first">x, or dy for dgrad.</param>
    /// <param name="second">w, or dy for wgrad.</param>
    /// <param name="result">In the geometry's type; dw in float32.</param>
    /// <param name="allowed">relative and ofMagnitude.</param>
    /// <param name="samples">Number of places.</param>
    /// <param name="wrong">As many float32.</param>
    public void Check(
        ConvolutionPass pass, DevicePointer first, DevicePointer second, DevicePointer result,
        (double Relative, double OfMagnitude) allowed, int samples, DevicePointer wrong)
    {
        bool isOfWeights = pass == ConvolutionPass.BackwardWeights;
        _launcher.WarpRows(
            _kernels.ConvolutionErrors(_geometry.Type), samples,
            Arguments(
                [
                    (long)pass, samples, allowed.Relative, allowed.OfMagnitude, first.Address, second.Address,
                    isOfWeights ? 0L : result.Address, isOfWeights ? result.Address : 0L, wrong.Address,
                ],
                stackalloc KernelArgument[GeometryArguments + 9]));
    }

    private static long DividedUp(long count, long by) => (count + by - 1) / by;

    private static KernelArgument[] Describe(ConvolutionGeometry geometry)
    {
        int rank = geometry.Input.SpatialRank, missing = 3 - rank;
        KernelArgument[] arguments = new KernelArgument[GeometryArguments];
        arguments[0] = geometry.Input.Batch;
        arguments[1] = geometry.Input.Channels;
        arguments[2] = geometry.OutputChannels;
        arguments[3] = geometry.Groups;
        for (int axis = 0; axis < 3; axis++)
        {
            int own = axis - missing;
            arguments[4 + axis] = own < 0 ? 1 : geometry.Input.Extent(own);
            arguments[7 + axis] = own < 0 ? 1 : geometry.Kernel[own];
            arguments[10 + axis] = own < 0 ? 1 : geometry.Stride[own];
            arguments[13 + axis] = own < 0 ? 0 : geometry.Padding[own];
        }
        return arguments;
    }

    private ReadOnlySpan<KernelArgument> Arguments(ReadOnlySpan<KernelArgument> more, Span<KernelArgument> all)
    {
        _arguments.CopyTo(all);
        more.CopyTo(all[GeometryArguments..]);
        return all;
    }
}
