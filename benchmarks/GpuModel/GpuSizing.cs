using System.Runtime.InteropServices;
using RevUp.Backends;
using RevUp.Backends.Cpu;
using RevUp.Tensors;

namespace RevUp.Benchmarks.GpuModel;

/// <summary>
/// A GPU of compute capability 8.0 or later that computes nothing: a step on it issues the
/// operations that it would issue on one. Only <see cref="CpuBackend"/>'s threads are used.
/// </summary>
/// <param name="processor">Its threads.</param>
/// <param name="fuses">Whether a pass is fused with the operation behind it.</param>
internal sealed class GpuSizing(
    CpuBackend processor, Func<ConvolutionGeometry, ConvolutionFusion, bool> fuses) : SizingBackend(processor)
{
    public override string Name => "cuda";

    public override string Description => "no GPU: a model of one";

    public override bool IsAsynchronous => true;

    internal override bool HasTf32 => true;

    public override bool Supports(ElementType type) => true;

    public override bool Accelerates(ElementType type) => type == ElementType.BFloat16;

    internal override ElementType TransitionType(ElementType branch) => branch;

    internal override bool KeepsPreactivations { get; set; } = true;

    internal override bool Gathers => true;

    internal override ElementType GradientType(in ConvolutionGeometry geometry) => geometry.Type;

    internal override Readback CreateReadback(int count) => new Outcome(this, count);

    internal override void Multiply(OperandTable<ConvolutionOperator> operators, bool transposed)
    {
    }

    internal override void AddGradients(OperandTable<ConvolutionOperator> operators, int first, int count)
    {
    }

    internal override void BranchScaleForward(OperandTable<BranchOperands> branches)
    {
    }

    internal override void BranchScaleBackward(OperandTable<BranchOperands> branches, int first, int count)
    {
    }

    internal override void CopyWeights(OperandTable<WeightCopy> copies)
    {
    }

    internal override void EndWeights(OperandTable<WeightGradient> gradients, int first, int count)
    {
    }

    private protected override ConvolutionPlan CreateConvolution(ConvolutionGeometry geometry) =>
        new Plan(geometry, fuses);

    /// <summary>The results of a step without a refused inversion.</summary>
    private sealed class Outcome(Backend backend, int count) : Readback(backend, count)
    {
        private readonly double[] _values = new double[count];

        public override bool IsThere => true;

        public override void Copy(Tensor source, int offset)
        {
            if (offset == 0)
            {
                StepOutcome outcome = new(0, 0, 0, 0, 0, RefusedBlock: -1);
                MemoryMarshal.Cast<double, StepOutcome>(_values.AsSpan())[0] = outcome;
            }
        }

        public override void Mark() => RequireOpen();

        public override ReadOnlySpan<double> Wait() => _values;
    }

    /// <summary>Weights as cuDNN takes them, and no work.</summary>
    private sealed class Plan(
        ConvolutionGeometry geometry, Func<ConvolutionGeometry, ConvolutionFusion, bool> fuses)
        : ConvolutionPlan(geometry)
    {
        public override long PackedBytes => Geometry.Weights.Count * Geometry.Type.Size();

        public override bool TakesPlainWeights => Geometry.Type == ElementType.Float32;

        public override bool TakesCopies => true;

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

        public override bool Fuses(ConvolutionFusion fusion) =>
            (fusion == ConvolutionFusion.Stream || Geometry.Type == ElementType.BFloat16) && fuses(Geometry, fusion);

        public override void ForwardAdd(
            Tensor p, Tensor packed, Tensor x, Tensor s, Tensor y, in ScalarActivation reader, Tensor ahead)
        {
        }

        public override void ForwardStep(
            Tensor p, Tensor packed, Tensor y, Tensor s, Tensor x, Tensor next, Tensor statistics,
            in ScalarActivation reader, Tensor ahead)
        {
        }

        public override void ForwardActivated(Tensor p, Tensor packed, in ScalarActivation activation, Tensor y)
        {
        }

        public override void BackwardActivated(
            Tensor dy, Tensor packed, in ScalarActivation activation, Tensor p, Tensor scale, Tensor residual,
            Tensor dx, Tensor narrow)
        {
        }
    }
}
