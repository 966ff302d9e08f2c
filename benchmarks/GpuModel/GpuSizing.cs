using RevUp.Backends;
using RevUp.Backends.Cpu;
using RevUp.Interop.Nvtx;
using RevUp.Tensors;

namespace RevUp.Benchmarks.GpuModel;

/// <summary>
/// A GPU of compute capability 8.0 or later that computes nothing: a step on it issues the
/// operations that it would issue on one. Only <see cref="CpuBackend"/>'s threads are used.
/// </summary>
internal sealed class GpuSizing(CpuBackend processor) : SizingBackend(processor)
{
    public override string Name => "cuda";

    public override string Description => "no GPU: a model of one";

    public override bool IsAsynchronous => true;

    internal override bool HasTf32 => true;

    public override bool Supports(ElementType type) => true;

    public override bool Accelerates(ElementType type) => type == ElementType.BFloat16;

    internal override ElementType TransitionType(ElementType branch) => branch;

    internal override bool KeepsPreactivations { get; set; } = true;

    internal override NvtxRange Range(NvtxName name) => NvtxRange.Open(name);

    private protected override ConvolutionPlan CreateConvolution(ConvolutionGeometry geometry) => new Plan(geometry);

    /// <summary>Weights as cuDNN takes them, and no work.</summary>
    private sealed class Plan(ConvolutionGeometry geometry) : ConvolutionPlan(geometry)
    {
        public override long PackedBytes => Geometry.Weights.Count * Geometry.Type.Size();

        public override bool TakesPlainWeights => Geometry.Type == ElementType.Float32;

        public override void Pack(Tensor weights, Tensor scale, Tensor packed)
        {
        }

        public override void Forward(Tensor x, Tensor packed, Tensor y)
        {
        }

        public override void BackwardData(Tensor dy, Tensor packed, Tensor dx)
        {
        }

        public override void BackwardWeights(Tensor x, Tensor dy, Tensor dw)
        {
        }
    }
}
