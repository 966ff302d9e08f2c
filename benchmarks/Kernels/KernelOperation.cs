using RevUp.Backends;
using RevUp.Tensors;

namespace RevUp.Benchmarks.Kernels;

/// <summary>One kernel whose time is the time of its memory traffic.</summary>
/// <param name="Name">The operation, and its storage types where it has variants.</param>
/// <param name="Bytes">
/// Bytes per element of a large tensor that have to be read and written once.
/// </param>
/// <param name="Run">Issues it.</param>
internal sealed record KernelOperation(string Name, double Bytes, Action<KernelBuffers> Run)
{
    private const ElementType Float32 = ElementType.Float32;
    private const ElementType BFloat16 = ElementType.BFloat16;

    private static readonly ElementType[] s_types = [Float32, BFloat16];
    private static readonly int[] s_bits = [4, 8];

    /// <summary>
    /// Every streaming operation of the backend. The inner loop of a step comes first. Operations
    /// of one thread block are left out.
    /// </summary>
    public static IReadOnlyList<KernelOperation> All { get; } =
    [
        .. from x in s_types
           from y in s_types
           from activation in (Activation[])[Activation.Relu, Activation.Elu]
           select Forward(activation, x, y),
        .. from x in s_types from dy in s_types from dx in s_types select Backward(x, dy, dx),
        .. from dx in s_types select Gradient(dx),
        .. from z in s_types select ResidualAdd(z),
        .. from z in s_types select FixedPointStep(z),
        new(
            "residual add and preactivation bf16",
            12,
            b => b.Backend.ResidualAddAhead(
                b.Tensor(Float32, 0), b.Tensor(BFloat16, 1), b.Scalar, b.Tensor(Float32, 2), Activation.Relu, b.Scalar,
                b.Scalar, b.Tensor(BFloat16, 3))),
        new(
            "fixed-point step and preactivation bf16",
            16,
            b => b.Backend.FixedPointStepAhead(
                b.Tensor(Float32, 0), b.Tensor(BFloat16, 1), b.Scalar, b.Tensor(Float32, 2), b.Tensor(Float32, 3),
                b.Statistics, Activation.Relu, b.Scalar, b.Scalar, b.Tensor(BFloat16, 2))),
        new("quantize begin f32", 8, b => b.Backend.QuantizeBegin(b.Tensor(Float32, 0), b.Tensor(Float32, 1))),
        .. from bits in s_bits from z in s_types select QuantizeResidual(bits, z),
        .. from bits in s_bits select QuantizeRetrace(bits),
        new("fill f32", 4, b => b.Backend.Fill(b.Tensor(Float32, 0), 1)),
        new("cast f32 bf16", 6, b => b.Backend.Cast(b.Tensor(Float32, 0), b.Tensor(BFloat16, 0))),
        new("cast bf16 f32", 6, b => b.Backend.Cast(b.Tensor(BFloat16, 0), b.Tensor(Float32, 0))),
        new("axpy f32", 12, b => b.Backend.Axpy(b.Scalar, b.Tensor(Float32, 0), b.Tensor(Float32, 1))),
        new("dot f32", 8, b => b.Backend.Dot(b.Tensor(Float32, 0), b.Tensor(Float32, 1), b.Statistics)),
        new("squeeze f32", 8, b => b.Backend.Squeeze(b.Tensor(0, b.Wide), b.Tensor(1, b.Squeezed))),
        new("unsqueeze f32", 8, b => b.Backend.Unsqueeze(b.Tensor(0, b.Squeezed), b.Tensor(1, b.Wide))),
        new(
            "resize channels, 48 to 64, f32",
            7,
            b => b.Backend.ResizeChannels(b.Tensor(0, b.Narrow), b.Tensor(1, b.Wide))),
        new("max-pool forward f32", 5, b => b.Backend.MaxPoolForward(b.Tensor(0, b.Wide), b.Tensor(1, b.Halved))),
        new(
            "max-pool backward f32",
            9,
            b => b.Backend.MaxPoolBackward(b.Tensor(0, b.Wide), b.Tensor(1, b.Halved), b.Tensor(2, b.Wide))),
        new(
            "global average pool forward f32",
            4,
            b => b.Backend.GlobalAveragePoolForward(b.Tensor(0, b.Wide), b.Pooled)),
        new(
            "global average pool backward f32",
            4,
            b => b.Backend.GlobalAveragePoolBackward(b.Pooled, b.Tensor(0, b.Wide))),
        new(
            "split channels f32",
            8,
            b => b.Backend.SplitChannels(b.Tensor(0, b.Wide), b.Tensor(1, b.Half), b.Tensor(2, b.Half))),
        new(
            "merge channels f32",
            8,
            b => b.Backend.MergeChannels(b.Tensor(0, b.Half), b.Tensor(1, b.Half), b.Tensor(2, b.Wide))),
        new(
            "segmentation sums, 4 classes, f32",
            4.5,
            b => b.Backend.SegmentationSums(b.Tensor(0, b.Voxels), b.Labels, default, b.Totals, b.Overlaps)),
        new(
            "segmentation gradient, 4 classes, f32",
            8.5,
            b => b.Backend.SegmentationGradient(b.Tensor(0, b.Voxels), b.Labels, b.Factors, b.Tensor(1, b.Voxels))),
        new("arg max, 4 classes, f32", 4.5, b => b.Backend.ArgMax(b.Tensor(0, b.Voxels), b.Labels)),
        new(
            "sgd f32",
            20,
            b => b.Backend.Sgd(b.Optimizer, b.Tensor(Float32, 0), b.Tensor(Float32, 1), b.Tensor(Float32, 2))),
        new(
            "adamw f32",
            28,
            b => b.Backend.AdamW(
                b.Optimizer, b.Tensor(Float32, 0), b.Tensor(Float32, 1), b.Tensor(Float32, 3), b.Tensor(Float32, 2))),
    ];

    private static KernelOperation Forward(Activation activation, ElementType x, ElementType y) => new(
        $"preactivation forward {activation}, {Suffix(x)} {Suffix(y)}",
        x.Size() + y.Size(),
        b => b.Backend.PreactivationForward(activation, b.Tensor(x, 0), b.Scalar, b.Scalar, b.Tensor(y, 1)));

    private static KernelOperation Backward(ElementType x, ElementType dy, ElementType dx) => new(
        $"preactivation backward, {Suffix(x)} {Suffix(dy)} {Suffix(dx)}",
        x.Size() + dy.Size() + (2 * dx.Size()),
        b => b.Backend.PreactivationBackward(
            Activation.Relu, b.Tensor(x, 0), b.Scalar, b.Tensor(dy, 1), b.Scalar, b.Tensor(dx, 2), b.Tensor(dx, 3),
            b.Sums.Scalar(0), b.Sums.Scalar(1)));

    private static KernelOperation Gradient(ElementType dx) => new(
        $"preactivation gradient, bf16 bf16 {Suffix(dx)}",
        4 + (2 * dx.Size()) + (dx == Float32 ? 2 : 0),
        b => b.Backend.PreactivationGradient(
            Activation.Relu, b.Tensor(BFloat16, 0), b.Scalar, b.Tensor(BFloat16, 1), b.Scalar, b.Tensor(dx, 2),
            b.Tensor(dx, 3), dx == Float32 ? b.Tensor(BFloat16, 2) : default, b.Sums.Scalar(0), b.Sums.Scalar(1)));

    private static KernelOperation ResidualAdd(ElementType z) => new(
        $"residual add {Suffix(z)}",
        8 + z.Size(),
        b => b.Backend.ResidualAdd(b.Tensor(Float32, 0), b.Tensor(z, 1), b.Scalar, b.Tensor(Float32, 2)));

    private static KernelOperation FixedPointStep(ElementType z) => new(
        $"fixed-point step {Suffix(z)}",
        12 + z.Size(),
        b => b.Backend.FixedPointStep(
            0, b.Tensor(Float32, 0), b.Tensor(z, 1), b.Scalar, b.Tensor(Float32, 2), b.Tensor(Float32, 3),
            b.Statistics));

    private static KernelOperation QuantizeResidual(int bits, ElementType z) => new(
        $"quantize residual, {bits} bits, {Suffix(z)}",
        16 + z.Size() + (bits / 8.0),
        b => b.Backend.QuantizeResidual(
            bits, b.Tensor(0, b.Wide), b.Tensor(z, 1), b.Scalar, b.Tensor(0, b.Wide), b.Tensor(2, b.Wide),
            b.Tensor(Float32, 3), b.Steps));

    private static KernelOperation QuantizeRetrace(int bits) => new(
        $"quantize retrace, {bits} bits",
        8 + (bits / 8.0),
        b => b.Backend.QuantizeRetrace(bits, b.Tensor(Float32, 3), b.Steps, b.Tensor(2, b.Wide)));

    private static string Suffix(ElementType type) => type == Float32 ? "f32" : "bf16";
}
