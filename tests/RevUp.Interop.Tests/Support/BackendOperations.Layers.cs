using System.Runtime.InteropServices;
using RevUp.Backends;
using RevUp.Interop.Cpu;
using RevUp.Tensors;

namespace RevUp.Interop.Tests.Support;

/// <summary>Shape changes, pooling, the classifier, the loss, the optimisers and convolutions.</summary>
internal sealed partial class BackendOperations
{
    public float[] Squeeze(CpuShape shape, float[] x)
    {
        using DeviceArena memory = new(Backend);
        Tensor y = memory.Tensor(ElementType.Float32, Squeezed(shape));
        Backend.Squeeze(memory.Floats(x, Activations(shape)), y);
        return memory.Read(y);
    }

    public float[] Unsqueeze(CpuShape shape, float[] y)
    {
        using DeviceArena memory = new(Backend);
        Tensor x = memory.Tensor(ElementType.Float32, Activations(shape));
        Backend.Unsqueeze(memory.Floats(y, Squeezed(shape)), x);
        return memory.Read(x);
    }

    public float[] ResizeChannels(int rows, int xChannels, float[] x, int yChannels)
    {
        using DeviceArena memory = new(Backend);
        Tensor y = memory.Tensor(ElementType.Float32, new Shape(rows, yChannels));
        Backend.ResizeChannels(memory.Floats(x, new Shape(rows, xChannels)), y);
        return memory.Read(y);
    }

    public (float[] First, float[] Second) SplitChannels(int channels, float[] x)
    {
        using DeviceArena memory = new(Backend);
        Shape half = new(x.Length / 2 / channels, channels);
        (Tensor first, Tensor second) = (memory.Tensor(ElementType.Float32, half), memory.Tensor(ElementType.Float32, half));
        Backend.SplitChannels(memory.Floats(x, half.WithChannels(2 * channels)), first, second);
        return (memory.Read(first), memory.Read(second));
    }

    public float[] MergeChannels(int channels, float[] first, float[] second)
    {
        using DeviceArena memory = new(Backend);
        Shape half = new(first.Length / channels, channels);
        Tensor x = memory.Tensor(ElementType.Float32, half.WithChannels(2 * channels));
        Backend.MergeChannels(memory.Floats(first, half), memory.Floats(second, half), x);
        return memory.Read(x);
    }

    public float[] GlobalAveragePoolForward(CpuShape shape, float[] x)
    {
        using DeviceArena memory = new(Backend);
        Tensor y = memory.Floats(Shapes.Rows(shape));
        Backend.GlobalAveragePoolForward(memory.Floats(x, Activations(shape)), y);
        return memory.Read(y);
    }

    public float[] GlobalAveragePoolBackward(CpuShape shape, float[] dy)
    {
        using DeviceArena memory = new(Backend);
        Tensor dx = memory.Tensor(ElementType.Float32, Activations(shape));
        Backend.GlobalAveragePoolBackward(memory.Floats(dy), dx);
        return memory.Read(dx);
    }

    public float[] MaxPoolForward(CpuPoolGeometry geometry, float[] x)
    {
        using DeviceArena memory = new(Backend);
        Tensor y = memory.Tensor(ElementType.Float32, Pooled(geometry.Input));
        Backend.MaxPoolForward(memory.Floats(x, Activations(geometry.Input)), y);
        return memory.Read(y);
    }

    public float[] MaxPoolBackward(CpuPoolGeometry geometry, float[] x, float[] dy)
    {
        using DeviceArena memory = new(Backend);
        Shape shape = Activations(geometry.Input);
        Tensor dx = memory.Tensor(ElementType.Float32, shape);
        Backend.MaxPoolBackward(memory.Floats(x, shape), memory.Floats(dy, Pooled(geometry.Input)), dx);
        return memory.Read(dx);
    }

    public float[] LinearForward(int batch, int inputs, int outputs, float[] x, float[] w, float[] bias)
    {
        using DeviceArena memory = new(Backend);
        Tensor y = memory.Tensor(ElementType.Float32, new Shape(batch, outputs));
        Backend.LinearForward(memory.Floats(x, new Shape(batch, inputs)), memory.Floats(w, new Shape(outputs, inputs)), memory.Floats(bias), y);
        return memory.Read(y);
    }

    public LinearGradients LinearBackward(int batch, int inputs, int outputs, float[] x, float[] w, float[] dy, float[] dw, float[] dbias)
    {
        using DeviceArena memory = new(Backend);
        Tensor dx = memory.Tensor(ElementType.Float32, new Shape(batch, inputs));
        Tensor weightGradient = memory.Floats(dw, new Shape(outputs, inputs));
        Tensor biasGradient = memory.Floats(dbias);
        Backend.LinearBackward(
            memory.Floats(x, new Shape(batch, inputs)),
            memory.Floats(w, new Shape(outputs, inputs)),
            memory.Floats(dy, new Shape(batch, outputs)),
            dx,
            weightGradient,
            biasGradient);
        return new LinearGradients(memory.Read(dx), memory.Read(weightGradient), memory.Read(biasGradient));
    }

    public CrossEntropyResult CrossEntropy(
        int batch, int classes, float[] logits, float[] targets, float gradientScale, bool withGradient, Alias gradient)
    {
        using DeviceArena memory = new(Backend);
        Shape shape = new(batch, classes);
        Tensor source = memory.Floats(logits, shape);
        Tensor result = !withGradient ? default : gradient == Alias.X ? source : memory.Tensor(ElementType.Float32, shape);
        double[] before = [3, 5];
        Tensor statistics = memory.Statistics(before);
        Backend.CrossEntropy(source, memory.Floats(targets, shape), gradientScale, result, statistics);
        double[] sums = memory.ReadStatistics(statistics);
        return new CrossEntropyResult(withGradient ? memory.Read(result) : null, sums[0] - before[0], (long)(sums[1] - before[1]));
    }

    public StepVerdictResult StepVerdict(StepLimits limits, StepStatistics statistics, OptimizerNumbers settings)
    {
        using DeviceArena memory = new(Backend);
        bool inverted = statistics.Blocks > 0;
        Tensor losses = memory.Statistics(statistics.Losses);
        Tensor numbers = Settings(memory, settings, []);
        Tensor outcome = memory.Statistics(StepOutcome.Length);
        Tensor inversions = inverted ? memory.Statistics(statistics.Inversions).Reshape(new Shape(statistics.Blocks, statistics.Stride, 2)) : default;
        Tensor evaluations = inverted ? memory.Statistics(statistics.Evaluations) : default;
        Tensor coefficients = inverted ? Optional(memory, statistics.Coefficients) : default;
        Backend.StepVerdict(limits, losses, memory.Statistics([statistics.SquareSum]), inversions, evaluations, coefficients, numbers, outcome);
        return new StepVerdictResult(
            MemoryMarshal.Read<OptimizerNumbers>(MemoryMarshal.AsBytes(memory.ReadStatistics(numbers).AsSpan())),
            StepOutcome.Read(memory.ReadStatistics(outcome)),
            memory.ReadStatistics(losses));
    }

    public void Sgd(OptimizerNumbers settings, GroupNumbers[] groups, float[] gradient, float[] momentum, float[] weights)
    {
        using DeviceArena memory = new(Backend);
        Tensor momentumBuffer = memory.Floats(momentum);
        Tensor parameters = memory.Floats(weights);
        Backend.Sgd(Settings(memory, settings, groups), memory.Floats(gradient), momentumBuffer, parameters);
        memory.Read(momentumBuffer).CopyTo(momentum, 0);
        memory.Read(parameters).CopyTo(weights, 0);
    }

    public void AdamW(OptimizerNumbers settings, GroupNumbers[] groups, float[] gradient, float[] firstMoment, float[] secondMoment, float[] weights)
    {
        using DeviceArena memory = new(Backend);
        Tensor first = memory.Floats(firstMoment);
        Tensor second = memory.Floats(secondMoment);
        Tensor parameters = memory.Floats(weights);
        Backend.AdamW(Settings(memory, settings, groups), memory.Floats(gradient), first, second, parameters);
        memory.Read(first).CopyTo(firstMoment, 0);
        memory.Read(second).CopyTo(secondMoment, 0);
        memory.Read(parameters).CopyTo(weights, 0);
    }

    public float[] ConvolutionFprop(CpuConvolutionGeometry geometry, Stored src, float[] weights, float? scale)
    {
        using DeviceArena memory = new(Backend);
        ConvolutionPlan plan = Backend.Convolution(Geometry(geometry));
        Tensor dst = memory.Tensor(plan.Geometry.Type, plan.Geometry.Output);
        plan.Forward(memory.Tensor(src, plan.Geometry.Input), Pack(memory, plan, weights, scale), dst);
        return memory.Read(dst);
    }

    public float[] ConvolutionDgrad(CpuConvolutionGeometry geometry, Stored diffDst, float[] weights, float? scale)
    {
        using DeviceArena memory = new(Backend);
        ConvolutionPlan plan = Backend.Convolution(Geometry(geometry));
        Tensor diffSrc = memory.Tensor(plan.Geometry.Type, plan.Geometry.Input);
        plan.BackwardData(memory.Tensor(diffDst, plan.Geometry.Output), Pack(memory, plan, weights, scale), diffSrc);
        return memory.Read(diffSrc);
    }

    public float[] ConvolutionWgrad(CpuConvolutionGeometry geometry, Stored src, Stored diffDst)
    {
        using DeviceArena memory = new(Backend);
        ConvolutionPlan plan = Backend.Convolution(Geometry(geometry));
        Tensor diffWeights = memory.Tensor(ElementType.Float32, plan.Geometry.Weights);
        plan.BackwardWeights(memory.Tensor(src, plan.Geometry.Input), memory.Tensor(diffDst, plan.Geometry.Output), diffWeights);
        return memory.Read(diffWeights);
    }

    private static Tensor Settings(DeviceArena memory, OptimizerNumbers settings, GroupNumbers[] groups)
    {
        double[] values = new double[OptimizerNumbers.Length(groups.Length)];
        OptimizerNumbers.Write(settings, groups, values);
        return memory.Statistics(values);
    }

    private static Tensor Pack(DeviceArena memory, ConvolutionPlan plan, float[] weights, float? scale)
    {
        Tensor packed = memory.Tensor(ElementType.Float32, new Shape(checked((int)(plan.PackedBytes + sizeof(float) - 1) / sizeof(float))));
        plan.Pack(memory.Floats(weights, plan.Geometry.Weights), memory.Scalar(scale), packed);
        return packed;
    }

    private static ConvolutionGeometry Geometry(in CpuConvolutionGeometry geometry) => new(
        MakeShape(geometry.Batch, geometry.Input, geometry.Rank, geometry.InChannels),
        (int)geometry.OutChannels,
        (int)geometry.Kernel[0],
        (int)geometry.Stride[0],
        (int)geometry.Padding[0],
        (int)geometry.Groups,
        (ElementType)geometry.Type);

    private static Shape Activations(in CpuShape shape) => MakeShape(shape.Batch, shape.Extent, shape.Rank, shape.Channels);

    private static Shape Squeezed(in CpuShape shape)
    {
        Extents halves = default;
        for (int axis = 0; axis < shape.Rank; axis++)
        {
            halves[axis] = shape.Extent[axis] / 2;
        }
        return MakeShape(shape.Batch, halves, shape.Rank, shape.Channels << shape.Rank);
    }

    private static Shape Pooled(in CpuShape shape)
    {
        Extents outputs = default;
        for (int axis = 0; axis < shape.Rank; axis++)
        {
            outputs[axis] = (shape.Extent[axis] - 1) / 2 + 1;
        }
        return MakeShape(shape.Batch, outputs, shape.Rank, shape.Channels);
    }

    private static Shape MakeShape(long batch, in Extents extents, int rank, long channels)
    {
        Span<int> dimensions = stackalloc int[rank + 2];
        dimensions[0] = (int)batch;
        dimensions[^1] = (int)channels;
        for (int axis = 0; axis < rank; axis++)
        {
            dimensions[axis + 1] = (int)extents[axis];
        }
        return new Shape(dimensions);
    }
}
