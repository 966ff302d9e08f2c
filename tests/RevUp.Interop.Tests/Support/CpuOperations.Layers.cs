using RevUp.Backends;
using RevUp.Interop.Cpu;

namespace RevUp.Interop.Tests.Support;

/// <summary>Shape changes, pooling, the classifier, the loss, the optimisers and convolutions.</summary>
internal sealed unsafe partial class CpuOperations
{
    public float[] Squeeze(CpuShape shape, float[] x)
    {
        using NativeArena memory = Begin();
        float* y = memory.Floats(x.Length);
        CpuLibrary.Squeeze(&shape, memory.Floats(x), y).Check();
        return NativeArena.Read(y, x.Length);
    }

    public float[] Unsqueeze(CpuShape shape, float[] y)
    {
        using NativeArena memory = Begin();
        float* x = memory.Floats(y.Length);
        CpuLibrary.Unsqueeze(&shape, memory.Floats(y), x).Check();
        return NativeArena.Read(x, y.Length);
    }

    public float[] ResizeChannels(int rows, int xChannels, float[] x, int yChannels)
    {
        using NativeArena memory = Begin();
        float* y = memory.Floats(rows * yChannels);
        CpuLibrary.ResizeChannels(rows, xChannels, memory.Floats(x), yChannels, y).Check();
        return NativeArena.Read(y, rows * yChannels);
    }

    public (float[] First, float[] Second) SplitChannels(int channels, float[] x)
    {
        using NativeArena memory = Begin();
        int half = x.Length / 2;
        float* first = memory.Floats(half);
        float* second = memory.Floats(half);
        CpuLibrary.SplitChannels(half / channels, channels, memory.Floats(x), first, second).Check();
        return (NativeArena.Read(first, half), NativeArena.Read(second, half));
    }

    public float[] MergeChannels(int channels, float[] first, float[] second)
    {
        using NativeArena memory = Begin();
        float* x = memory.Floats(2 * first.Length);
        CpuLibrary.MergeChannels(first.Length / channels, channels, memory.Floats(first), memory.Floats(second), x).Check();
        return NativeArena.Read(x, 2 * first.Length);
    }

    public float[] GlobalAveragePoolForward(CpuShape shape, float[] x)
    {
        using NativeArena memory = Begin();
        float* y = memory.Floats(Shapes.Rows(shape));
        CpuLibrary.GlobalAveragePoolForward(&shape, memory.Floats(x), y).Check();
        return NativeArena.Read(y, Shapes.Rows(shape));
    }

    public float[] GlobalAveragePoolBackward(CpuShape shape, float[] dy)
    {
        using NativeArena memory = Begin();
        float* dx = memory.Floats(Shapes.Elements(shape));
        CpuLibrary.GlobalAveragePoolBackward(&shape, memory.Floats(dy), dx).Check();
        return NativeArena.Read(dx, Shapes.Elements(shape));
    }

    public float[] MaxPoolForward(CpuPoolGeometry geometry, float[] x)
    {
        using NativeArena memory = Begin();
        float* y = memory.Floats(Shapes.OutputElements(geometry));
        CpuLibrary.MaxPoolForward(&geometry, memory.Floats(x), y).Check();
        return NativeArena.Read(y, Shapes.OutputElements(geometry));
    }

    public float[] MaxPoolBackward(CpuPoolGeometry geometry, float[] x, float[] dy)
    {
        using NativeArena memory = Begin();
        float* dx = memory.Floats(x.Length);
        CpuLibrary.MaxPoolBackward(&geometry, memory.Floats(x), memory.Floats(dy), dx).Check();
        return NativeArena.Read(dx, x.Length);
    }

    public float[] LinearForward(int batch, int inputs, int outputs, float[] x, float[] w, float[] bias)
    {
        using NativeArena memory = Begin();
        float* y = memory.Floats(batch * outputs);
        CpuLibrary.LinearForward(batch, inputs, outputs, memory.Floats(x), memory.Floats(w), memory.Floats(bias), y).Check();
        return NativeArena.Read(y, batch * outputs);
    }

    public LinearGradients LinearBackward(int batch, int inputs, int outputs, float[] x, float[] w, float[] dy, float[] dw, float[] dbias)
    {
        using NativeArena memory = Begin();
        float* dx = memory.Floats(x.Length);
        float* weightGradient = memory.Floats(dw);
        float* biasGradient = memory.Floats(dbias);
        CpuLibrary.LinearBackward(
            batch, inputs, outputs, memory.Floats(x), memory.Floats(w), memory.Floats(dy), dx, weightGradient, biasGradient).Check();
        return new LinearGradients(
            NativeArena.Read(dx, x.Length), NativeArena.Read(weightGradient, dw.Length), NativeArena.Read(biasGradient, dbias.Length));
    }

    public CrossEntropyResult CrossEntropy(
        int batch, int classes, float[] logits, float[] targets, float gradientScale, bool withGradient, Alias gradient)
    {
        using NativeArena memory = Begin();
        float* source = memory.Floats(logits);
        float* result = !withGradient ? null : gradient == Alias.X ? source : memory.Floats(logits.Length);
        double* loss = memory.Statistic();
        long correct;
        CpuLibrary.CrossEntropy(batch, classes, source, memory.Floats(targets), gradientScale, result, loss, &correct).Check();
        return new CrossEntropyResult(withGradient ? NativeArena.Read(result, logits.Length) : null, *loss, correct);
    }

    public StepVerdictResult StepVerdict(StepLimits limits, StepStatistics statistics, OptimizerNumbers settings)
    {
        using NativeArena memory = Begin();
        double* losses = memory.Doubles(statistics.Losses);
        double* numbers = Settings(memory, settings, []);
        double* outcome = memory.Doubles(new double[StepOutcome.Length]);
        CpuLibrary.StepVerdict(
            statistics.Blocks, statistics.Stride, limits.Averaging, limits.ClipNorm, limits.HardLimit, limits.Tolerance, limits.Rounding, losses,
            memory.Doubles([statistics.SquareSum]), memory.Doubles(statistics.Inversions), memory.Doubles(statistics.Evaluations),
            statistics.Coefficients is { } coefficients ? memory.Floats(coefficients) : null, numbers, outcome).Check();
        return new StepVerdictResult(*(OptimizerNumbers*)numbers, *(StepOutcome*)outcome, [losses[0], losses[1]]);
    }

    public void Sgd(OptimizerNumbers settings, GroupNumbers[] groups, float[] gradient, float[] momentum, float[] weights)
    {
        using NativeArena memory = Begin();
        float* momentumBuffer = memory.Floats(momentum);
        float* parameters = memory.Floats(weights);
        CpuLibrary.Sgd(groups.Length, Settings(memory, settings, groups), memory.Floats(gradient), momentumBuffer, parameters).Check();
        NativeArena.Read(momentumBuffer, momentum.Length).CopyTo(momentum, 0);
        NativeArena.Read(parameters, weights.Length).CopyTo(weights, 0);
    }

    public void AdamW(OptimizerNumbers settings, GroupNumbers[] groups, float[] gradient, float[] firstMoment, float[] secondMoment, float[] weights)
    {
        using NativeArena memory = Begin();
        float* first = memory.Floats(firstMoment);
        float* second = memory.Floats(secondMoment);
        float* parameters = memory.Floats(weights);
        CpuLibrary.AdamW(groups.Length, Settings(memory, settings, groups), memory.Floats(gradient), first, second, parameters).Check();
        NativeArena.Read(first, firstMoment.Length).CopyTo(firstMoment, 0);
        NativeArena.Read(second, secondMoment.Length).CopyTo(secondMoment, 0);
        NativeArena.Read(parameters, weights.Length).CopyTo(weights, 0);
    }

    public float[] ConvolutionFprop(CpuConvolutionGeometry geometry, Stored src, float[] weights, float? scale)
    {
        using NativeArena memory = Begin();
        using ConvolutionHandle handle = ConvolutionHandle.Create(geometry);
        int count = Shapes.DestinationElements(geometry);
        void* dst = memory.Tensor(geometry.Type, count);
        void* scratch = memory.Bytes(handle.Query().FpropScratchBytes);
        CpuLibrary.ConvolutionFprop(handle, memory.Tensor(src), Pack(memory, handle, weights, scale), dst, scratch).Check();
        return NativeArena.Read(geometry.Type, dst, count);
    }

    public float[] ConvolutionDgrad(CpuConvolutionGeometry geometry, Stored diffDst, float[] weights, float? scale)
    {
        using NativeArena memory = Begin();
        using ConvolutionHandle handle = ConvolutionHandle.Create(geometry);
        int count = Shapes.SourceElements(geometry);
        void* diffSrc = memory.Tensor(geometry.Type, count);
        void* scratch = memory.Bytes(handle.Query().DgradScratchBytes);
        CpuLibrary.ConvolutionDgrad(handle, memory.Tensor(diffDst), Pack(memory, handle, weights, scale), diffSrc, scratch).Check();
        return NativeArena.Read(geometry.Type, diffSrc, count);
    }

    public float[] ConvolutionWgrad(CpuConvolutionGeometry geometry, Stored src, Stored diffDst)
    {
        using NativeArena memory = Begin();
        using ConvolutionHandle handle = ConvolutionHandle.Create(geometry);
        int count = Shapes.WeightElements(geometry);
        float* diffWeights = memory.Floats(count);
        void* scratch = memory.Bytes(handle.Query().WgradScratchBytes);
        CpuLibrary.ConvolutionWgrad(handle, memory.Tensor(src), memory.Tensor(diffDst), diffWeights, scratch).Check();
        return NativeArena.Read(diffWeights, count);
    }

    private static double* Settings(NativeArena memory, OptimizerNumbers settings, GroupNumbers[] groups)
    {
        double[] values = new double[OptimizerNumbers.Length(groups.Length)];
        OptimizerNumbers.Write(settings, groups, values);
        return memory.Doubles(values);
    }

    private static void* Pack(NativeArena memory, ConvolutionHandle handle, float[] weights, float? scale)
    {
        CpuConvolutionSizes sizes = handle.Query();
        void* packed = memory.Bytes(sizes.PackedBytes);
        CpuLibrary.ConvolutionPack(handle, memory.Floats(weights), memory.Scalar(scale), packed, memory.Bytes(sizes.PackScratchBytes)).Check();
        return packed;
    }
}
