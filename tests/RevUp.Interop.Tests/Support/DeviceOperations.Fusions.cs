using RevUp.Tensors;

namespace RevUp.Interop.Tests.Support;

/// <summary>Convolutions with the operation behind them.</summary>
internal partial class DeviceOperations
{
    internal (float[] Y, float[] Ahead) ConvolutionResidualAdd(
        CpuConvolutionGeometry geometry, Stored p, float[] weights, float[] x, float s, CpuActivation activation,
        float a, float b, bool inPlace)
    {
        using DeviceArena memory = new(Backend);
        ConvolutionPlan plan = Fused(geometry, ConvolutionFusion.Stream);
        Shape shape = plan.Geometry.Output;
        Tensor stream = memory.Floats(x, shape), y = inPlace ? stream : memory.Tensor(ElementType.Float32, shape);
        Tensor ahead = memory.Tensor(plan.Geometry.Type, shape);
        plan.ForwardAdd(
            memory.Tensor(p, plan.Geometry.Input), Pack(memory, plan, weights, null), stream, memory.Scalar(s), y,
            Scalars(memory, activation, a, b), ahead);
        return (memory.Read(y), memory.Read(ahead));
    }

    internal (float[] Next, double[] Statistics, float[] Ahead) ConvolutionFixedPointStep(
        CpuConvolutionGeometry geometry, Stored p, float[] weights, float[] y, float s, float[]? x,
        CpuActivation activation, float a, float b)
    {
        using DeviceArena memory = new(Backend);
        ConvolutionPlan plan = Fused(geometry, ConvolutionFusion.Stream);
        Shape shape = plan.Geometry.Output;
        // In the memory of x, or of y where an inversion begins.
        Tensor stream = memory.Floats(y, shape), before = memory.Floats(x, shape);
        Tensor next = x is null ? stream : before, statistics = memory.Statistics([double.NaN, double.NaN]);
        Tensor ahead = memory.Tensor(plan.Geometry.Type, shape);
        plan.ForwardStep(
            memory.Tensor(p, plan.Geometry.Input), Pack(memory, plan, weights, null), stream, memory.Scalar(s), before,
            next, statistics, Scalars(memory, activation, a, b), ahead);
        return (memory.Read(next), memory.ReadStatistics(statistics), memory.Read(ahead));
    }

    internal float[] ConvolutionPreactivation(
        CpuConvolutionGeometry geometry, Stored p, float[] weights, CpuActivation activation, float a, float b)
    {
        using DeviceArena memory = new(Backend);
        ConvolutionPlan plan = Fused(geometry, ConvolutionFusion.Activation);
        Tensor y = memory.Tensor(plan.Geometry.Type, plan.Geometry.Output);
        plan.ForwardActivated(
            memory.Tensor(p, plan.Geometry.Input), Pack(memory, plan, weights, null),
            Scalars(memory, activation, a, b), y);
        return memory.Read(y);
    }

    internal (float[] Dx, float[] Narrow, float SumA, float SumB) ConvolutionPreactivationGradient(
        CpuConvolutionGeometry geometry, Stored dy, float[] weights, CpuActivation activation, float[] y, float b,
        float? scale, Stored? residual, CpuType type, bool withNarrow, float sumA, float sumB)
    {
        using DeviceArena memory = new(Backend);
        ConvolutionPlan plan = Fused(
            geometry,
            type == CpuType.Float32 ? ConvolutionFusion.StreamGradient : ConvolutionFusion.Gradient);
        Shape shape = plan.Geometry.Input;
        Tensor p = memory.Tensor(new Stored(CpuType.BFloat16, y), shape), added = memory.Tensor(residual, shape);
        // In the memory of the residual, or of p.
        Tensor dx = !added.IsEmpty ? added
            : type == CpuType.BFloat16 ? p
            : memory.Tensor((ElementType)type, shape);
        Tensor narrow = withNarrow ? memory.Tensor(ElementType.BFloat16, shape) : default;
        Tensor sums = memory.Floats([sumA, sumB], new Shape(2));
        ScalarActivation scalars = new(
            (Activation)activation, default, memory.Scalar(b), sums.Scalar(0), sums.Scalar(1));
        plan.BackwardActivated(
            memory.Tensor(dy, plan.Geometry.Output), Pack(memory, plan, weights, null), scalars, p,
            memory.Scalar(scale), added, dx, narrow);
        float[] read = memory.Read(sums);
        return (memory.Read(dx), memory.Read(narrow), read[0], read[1]);
    }

    private static ScalarActivation Scalars(DeviceArena memory, CpuActivation activation, float a, float b) =>
        new((Activation)activation, memory.Scalar(a), memory.Scalar(b));

    private ConvolutionPlan Fused(in CpuConvolutionGeometry geometry, ConvolutionFusion fusion)
    {
        ConvolutionPlan plan = Backend.Convolution(Geometry(geometry));
        Assert.IsTrue(plan.Fuses(fusion), $"{fusion}");
        return plan;
    }
}
