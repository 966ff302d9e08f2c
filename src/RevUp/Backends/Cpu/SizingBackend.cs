using RevUp.Tensors;

namespace RevUp.Backends.Cpu;

/// <summary>
/// The memory of a CPU backend without its work. Tensors are counted and lie nowhere, and
/// operations do nothing. Convolutions take the scratch that they would take. A step therefore
/// counts its bytes exactly, in little time and at sizes for which the machine has no room.
/// RevUp.Operations writes the operations. The other backend belongs to the caller.
/// </summary>
internal partial class SizingBackend(CpuBackend inner) : Backend
{
    private const long Capacity = 1L << 50;

    // Any number but "no tensor".
    private const nint Start = Arena.Alignment;

    // As float32 0.75, as float64 0.0005. With statistics of 0, an inversion would have converged
    // at once, and with a bound of 1 it would be refused.
    private const byte Number = 0x3F;

    public override string Name => inner.Name;

    public override string Description => inner.Description;

    public override Arena Memory { get; } = new(Start, Capacity);

    internal override bool Computes => false;

    internal override bool KeepsPreactivations { get; set; } = inner.KeepsPreactivations;

    public override bool Supports(ElementType type) => inner.Supports(type);

    public override bool Accelerates(ElementType type) => inner.Accelerates(type);

    public override void Upload<T>(ReadOnlySpan<T> source, Tensor destination)
    {
    }

    public override void Download<T>(Tensor source, Span<T> destination) =>
        MemoryMarshal.AsBytes(destination).Fill(Number);

    private protected override ConvolutionPlan CreateConvolution(ConvolutionGeometry geometry) =>
        new SizingConvolution(new CpuConvolution(geometry, Memory));

    /// <summary>A convolution that takes its scratch and gives it back.</summary>
    private sealed class SizingConvolution(CpuConvolution inner) : ConvolutionPlan(inner.Geometry), IDisposable
    {
        public override long PackedBytes => inner.PackedBytes;

        public override void Pack(Tensor weights, Tensor scale, Tensor packed) =>
            inner.Touch(inner.Sizes.PackScratchBytes);

        public override void Forward(Tensor x, Tensor packed, Tensor y) => inner.Touch(inner.Sizes.FpropScratchBytes);

        public override void BackwardData(Tensor dy, Tensor packed, Tensor dx) =>
            inner.Touch(inner.Sizes.DgradScratchBytes);

        public override void BackwardWeights(Tensor x, Tensor dy, Tensor dw) =>
            inner.Touch(inner.Sizes.WgradScratchBytes);

        public void Dispose() => inner.Dispose();
    }
}
