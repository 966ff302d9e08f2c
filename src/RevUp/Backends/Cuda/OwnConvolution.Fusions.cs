using RevUp.Interop.Cuda;
using RevUp.Tensors;

namespace RevUp.Backends.Cuda;

/// <summary>
/// Our own kernels with an operation behind them, native/cuda/convolution_stream.cu. The
/// arguments are <see cref="ConvolutionPlan"/>'s; sums of a launch are in workspace.
/// </summary>
internal sealed partial class OwnConvolution
{
    private const int SumsOfBlock = 2;

    private long ForwardBlocks =>
        DividedUp(Outputs, TileRows) * DividedUp(OutGroup, TileColumns) * _geometry.Groups;

    private long BackwardDataBlocks =>
        DividedUp(_geometry.Input.Count / _geometry.Input.Channels, TileRows) * DividedUp(InGroup, TileColumns)
            * _geometry.Groups;

    /// <summary>Bytes of workspace of <see cref="ForwardStep"/>.</summary>
    public long ForwardSumBytes => ForwardBlocks * SumsOfBlock * sizeof(double);

    /// <summary>Bytes of workspace of <see cref="BackwardActivated"/>.</summary>
    public long BackwardSumBytes => BackwardDataBlocks * SumsOfBlock * sizeof(double);

    /// <inheritdoc cref="ConvolutionPlan.ForwardAdd"/>
    public void ForwardAdd(
        Tensor p, Tensor weights, Tensor x, Tensor s, Tensor y, in ScalarActivation reader, Tensor ahead) =>
        _launcher.Rows(
            _kernels.ConvolutionResidualAdd(_geometry.Type), ForwardBlocks,
            Arguments(
                [Tf32, p, weights, x, s, y, (long)reader.Function, reader.A, reader.B, ahead],
                stackalloc KernelArgument[GeometryArguments + 10]));

    /// <inheritdoc cref="ConvolutionPlan.ForwardStep"/>
    public void ForwardStep(
        Tensor p, Tensor weights, Tensor y, Tensor s, Tensor x, Tensor next, Tensor statistics,
        in ScalarActivation reader, Tensor ahead, DevicePointer sums, Tensor counter) =>
        _launcher.Rows(
            _kernels.ConvolutionFixedPointStep(_geometry.Type), ForwardBlocks,
            Arguments(
                [
                    Tf32, p, weights, y, s, x, next, statistics, (long)reader.Function, reader.A, reader.B, ahead,
                    sums.Address, counter,
                ],
                stackalloc KernelArgument[GeometryArguments + 14]));

    /// <inheritdoc cref="ConvolutionPlan.ForwardActivated"/>
    public void ForwardActivated(Tensor p, Tensor weights, in ScalarActivation activation, Tensor y) =>
        _launcher.Rows(
            _kernels.ConvolutionPreactivationForward, ForwardBlocks,
            Arguments(
                [Tf32, p, weights, (long)activation.Function, activation.A, activation.B, y],
                stackalloc KernelArgument[GeometryArguments + 7]));

    /// <inheritdoc cref="ConvolutionPlan.BackwardActivated"/>
    public void BackwardActivated(
        Tensor dy, Tensor weights, in ScalarActivation activation, Tensor p, Tensor scale, Tensor residual, Tensor dx,
        Tensor narrow, DevicePointer sums, Tensor counter) =>
        _launcher.Rows(
            _kernels.ConvolutionPreactivationGradient(dx.Type), BackwardDataBlocks,
            Arguments(
                [
                    Tf32, dy, weights, (long)activation.Function, p, activation.B, scale, residual, dx, narrow,
                    activation.GradientA, activation.GradientB, sums.Address, counter,
                ],
                stackalloc KernelArgument[GeometryArguments + 14]));
}
