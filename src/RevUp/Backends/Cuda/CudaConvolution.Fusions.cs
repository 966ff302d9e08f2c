using RevUp.Tensors;

namespace RevUp.Backends.Cuda;

/// <summary>Passes with the operation behind them, by our own kernels.</summary>
internal sealed partial class CudaConvolution
{
    private readonly bool?[] _fusions = new bool?[4];

    /// <summary>Decided, by a trial on the device, when it is asked first.</summary>
    public override bool Fuses(ConvolutionFusion fusion) => _fusions[(int)fusion] ??= FusionTrial.Choose(
        fusion, _device, Geometry, _passes, Algorithm(FusionTrial.Pass(fusion)));

    public override void ForwardAdd(
        Tensor p, Tensor packed, Tensor x, Tensor s, Tensor y, in ScalarActivation reader, Tensor ahead) =>
        _passes.Own.ForwardAdd(p, packed, x, s, y, reader, ahead);

    public override void ForwardStep(
        Tensor p, Tensor packed, Tensor y, Tensor s, Tensor x, Tensor next, Tensor statistics,
        in ScalarActivation reader, Tensor ahead)
    {
        using Workspace sums = new(_device.Memory, _passes.Own.ForwardSumBytes);
        _passes.Own.ForwardStep(
            p, packed, y, s, x, next, statistics, reader, ahead, sums.Pointer, _device.Counter);
    }

    public override void ForwardActivated(Tensor p, Tensor packed, in ScalarActivation activation, Tensor y) =>
        _passes.Own.ForwardActivated(p, packed, activation, y);

    public override void BackwardActivated(
        Tensor dy, Tensor packed, in ScalarActivation activation, Tensor p, Tensor scale, Tensor residual, Tensor dx,
        Tensor narrow)
    {
        using Workspace sums = new(_device.Memory, _passes.Own.BackwardSumBytes);
        _passes.Own.BackwardActivated(
            dy, packed, activation, p, scale, residual, dx, narrow, sums.Pointer, _device.Counter);
    }
}
