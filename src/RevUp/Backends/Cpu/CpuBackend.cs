using System.Runtime.InteropServices;
using RevUp.Interop.Cpu;
using RevUp.Tensors;

namespace RevUp.Backends.Cpu;

/// <summary>
/// The default backend: the native CPU library on oneDNN, multi-threaded, deterministic for a given thread count. Operations complete before they return.
/// </summary>
public sealed unsafe class CpuBackend : Backend
{
    /// <summary>The most threads that a backend may have.</summary>
    public const int MaximumThreads = 1024;

    private readonly CpuMemory _memory;

    /// <summary>Opens the CPU.</summary>
    /// <param name="threads">Threads of the native library, process-wide; 0 for all processors.</param>
    /// <param name="capacity">Bytes that tensors may use; 0 for all that the machine has available.</param>
    /// <param name="poison">Fill freed tensors with NaN (for tests; costs time).</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is out of range.</exception>
    public CpuBackend(int threads = 0, long capacity = 0, bool poison = false)
    {
        if (threads is < 0 or > MaximumThreads)
        {
            throw new ArgumentOutOfRangeException(
                nameof(threads),
                threads,
                $"Use 1 to {MaximumThreads} threads, or 0 for all {Environment.ProcessorCount} processors.");
        }
        ArgumentOutOfRangeException.ThrowIfNegative(capacity);
        Threads = threads > 0 ? threads : Environment.ProcessorCount;
        CpuLibrary.SetThreads(Threads).Check();
        _memory = new CpuMemory(capacity, poison);
    }

    /// <summary>Threads of the native library.</summary>
    public int Threads { get; }

    /// <inheritdoc/>
    public override string Name => "cpu";

    /// <inheritdoc/>
    public override string Description
    {
        get
        {
            RequireDevice();
            byte* text = stackalloc byte[256];
            CpuLibrary.Describe(text, 256).Check();
            return Marshal.PtrToStringUTF8((nint)text)!;
        }
    }

    /// <inheritdoc/>
    public override Arena Memory => _memory.Arena;

    /// <inheritdoc/>
    public override bool Supports(ElementType type) => Support(type) != CpuSupport.None;

    /// <inheritdoc/>
    public override bool Accelerates(ElementType type) => Support(type) == CpuSupport.Fast;

    /// <inheritdoc/>
    public override void Upload<T>(ReadOnlySpan<T> source, Tensor destination)
    {
        Span<T> target = AsSpan<T>(destination);
        if (source.Length != target.Length)
        {
            throw new ArgumentException($"{source.Length} elements do not fill a {destination.Shape}.", nameof(source));
        }
        source.CopyTo(target);
    }

    /// <inheritdoc/>
    public override void Download<T>(Tensor source, Span<T> destination) => AsSpan<T>(source).CopyTo(destination);

    /// <inheritdoc/>
    public override void Fill(Tensor y, float value) => CpuLibrary.Fill(y.Count, value, Float(y)).Check();

    /// <inheritdoc/>
    public override void Cast(Tensor x, Tensor y) => CpuLibrary.Cast(x.Count, Type(x), Any(x), Type(y), Any(y)).Check();

    /// <inheritdoc/>
    public override void PreactivationForward(Activation activation, Tensor x, Tensor a, Tensor b, Tensor y) =>
        CpuLibrary.PreactivationForward(x.Count, (CpuActivation)activation, Type(x), Any(x), Float(a), Float(b), Type(y), Any(y)).Check();

    /// <inheritdoc/>
    public override void PreactivationBackward(
        Activation activation, Tensor x, Tensor a, Tensor dy, Tensor scale, Tensor residual, Tensor dx, Tensor sumA, Tensor sumB) =>
        CpuLibrary.PreactivationBackward(
            x.Count,
            (CpuActivation)activation,
            Type(x),
            Any(x),
            Float(a),
            Type(dy),
            Any(dy),
            Float(scale),
            Any(residual),
            Type(dx),
            Any(dx),
            Float(sumA),
            Float(sumB)).Check();

    /// <inheritdoc/>
    public override void BatchNormStatistics(Tensor x, float momentum, Tensor mean, Tensor variance, Tensor runningMean, Tensor runningVariance) =>
        CpuLibrary.BatchNormStatistics(
            Rows(x), x.Shape.Channels, Type(x), Any(x), momentum, Float(mean), Float(variance), Float(runningMean), Float(runningVariance)).Check();

    /// <inheritdoc/>
    public override void BatchNormForward(Activation activation, Tensor x, BatchNormChannels channels, Tensor y) =>
        CpuLibrary.BatchNormForward(
            Rows(x),
            x.Shape.Channels,
            (CpuActivation)activation,
            Type(x),
            Any(x),
            Float(channels.Mean),
            Float(channels.Variance),
            channels.Epsilon,
            Float(channels.Weight),
            Float(channels.Bias),
            Type(y),
            Any(y)).Check();

    /// <inheritdoc/>
    public override void BatchNormBackward(
        Activation activation,
        Tensor x,
        BatchNormChannels channels,
        Tensor dy,
        Tensor scale,
        Tensor residual,
        Tensor dx,
        Tensor weightGradient,
        Tensor biasGradient) =>
        CpuLibrary.BatchNormBackward(
            Rows(x),
            x.Shape.Channels,
            (CpuActivation)activation,
            Type(x),
            Any(x),
            Float(channels.Mean),
            Float(channels.Variance),
            channels.Epsilon,
            Float(channels.Weight),
            Float(channels.Bias),
            Type(dy),
            Any(dy),
            Float(scale),
            Any(residual),
            Type(dx),
            Any(dx),
            Float(weightGradient),
            Float(biasGradient)).Check();

    /// <inheritdoc/>
    public override void ResidualAdd(Tensor x, Tensor z, Tensor s, Tensor y) =>
        CpuLibrary.ResidualAdd(x.Count, Float(x), Type(z), Any(z), Float(s), Float(y)).Check();

    /// <inheritdoc/>
    public override void FixedPointStep(Tensor y, Tensor z, Tensor s, Tensor x, Tensor next, Tensor statistics) =>
        CpuLibrary.FixedPointStep(y.Count, Float(y), Type(z), Any(z), Float(s), Float(x), Float(next), Double(statistics), Double(statistics) + 1).Check();

    /// <inheritdoc/>
    public override void QuantizeBegin(Tensor x, Tensor decoded) => CpuLibrary.QuantizeBegin(x.Count, Float(x), Float(decoded)).Check();

    /// <inheritdoc/>
    public override void QuantizeResidual(int bits, Tensor x, Tensor z, Tensor s, Tensor y, Tensor decoded, Tensor codes, Tensor steps) =>
        CpuLibrary.QuantizeResidual(
            x.Shape.Batch,
            x.Shape.Positions,
            x.Shape.Channels,
            bits,
            Float(x),
            Type(z),
            Any(z),
            Float(s),
            Float(y),
            Float(decoded),
            Any(codes),
            Any(steps)).Check();

    /// <inheritdoc/>
    public override void QuantizeRetrace(int bits, Tensor codes, Tensor steps, Tensor decoded) =>
        CpuLibrary.QuantizeRetrace(
            decoded.Shape.Batch, decoded.Shape.Positions, decoded.Shape.Channels, bits, Any(codes), Any(steps), Float(decoded)).Check();

    /// <inheritdoc/>
    public override void Axpy(Tensor alpha, Tensor x, Tensor y) => CpuLibrary.Axpy(x.Count, Float(alpha), Float(x), Float(y)).Check();

    /// <inheritdoc/>
    public override void Dot(Tensor x, Tensor y, Tensor result) => CpuLibrary.Dot(x.Count, Float(x), Float(y), Double(result)).Check();

    /// <inheritdoc/>
    public override void NormalizeAll(Tensor table, long longest, ulong seed, Tensor buffer) =>
        CpuLibrary.NormalizeAll(table.Shape[0], Double(table), seed, buffer.Count, Float(buffer)).Check();

    /// <inheritdoc/>
    public override void BranchScaleForward(BranchBound mode, Tensor coefficient, Tensor multiplier, Tensor sigmas, Tensor scales, Tensor bound) =>
        CpuLibrary.BranchScaleForward(
            (CpuBranchBound)mode, sigmas.Count, Float(coefficient), Float(multiplier), Float(sigmas), Float(scales), Double(bound)).Check();

    /// <inheritdoc/>
    public override void BranchScaleBackward(
        BranchBound mode,
        Tensor coefficient,
        Tensor multiplier,
        Tensor sigmas,
        Tensor scales,
        Tensor dots,
        Tensor multiplierGradient,
        Tensor sigmaGradients) =>
        CpuLibrary.BranchScaleBackward(
            (CpuBranchBound)mode,
            sigmas.Count,
            Float(coefficient),
            Float(multiplier),
            Float(sigmas),
            Float(scales),
            Double(dots),
            Float(multiplierGradient),
            Float(sigmaGradients)).Check();

    /// <inheritdoc/>
    public override void AffineFactorsForward(Tensor t, Tensor b, Tensor factor, Tensor inverseFactor, Tensor inverseShift) =>
        CpuLibrary.AffineFactorsForward(t.Count, Float(t), Float(b), Float(factor), Float(inverseFactor), Float(inverseShift)).Check();

    /// <inheritdoc/>
    public override void AffineFactorsBackward(Tensor t, Tensor factorGradient, Tensor gradient) =>
        CpuLibrary.AffineFactorsBackward(t.Count, Float(t), Float(factorGradient), Float(gradient)).Check();

    /// <inheritdoc/>
    public override void ChannelRotationsForward(Tensor angles, Tensor matrix) =>
        CpuLibrary.ChannelRotationsForward(matrix.Shape.Channels, Float(angles), Float(matrix)).Check();

    /// <inheritdoc/>
    public override void ChannelRotationsBackward(Tensor angles, Tensor matrix, Tensor matrixGradient, Tensor gradient) =>
        CpuLibrary.ChannelRotationsBackward(
            matrix.Shape.Channels, Float(angles), Float(matrix), Float(matrixGradient), Float(gradient)).Check();

    /// <inheritdoc/>
    public override void Squeeze(Tensor x, Tensor y)
    {
        CpuShape shape = NativeShape(x.Shape);
        CpuLibrary.Squeeze(&shape, Float(x), Float(y)).Check();
    }

    /// <inheritdoc/>
    public override void Unsqueeze(Tensor y, Tensor x)
    {
        CpuShape shape = NativeShape(x.Shape);
        CpuLibrary.Unsqueeze(&shape, Float(y), Float(x)).Check();
    }

    /// <inheritdoc/>
    public override void ResizeChannels(Tensor x, Tensor y) =>
        CpuLibrary.ResizeChannels(Rows(x), x.Shape.Channels, Float(x), y.Shape.Channels, Float(y)).Check();

    /// <inheritdoc/>
    public override void SplitChannels(Tensor x, Tensor first, Tensor second) =>
        CpuLibrary.SplitChannels(Rows(x), first.Shape.Channels, Float(x), Float(first), Float(second)).Check();

    /// <inheritdoc/>
    public override void MergeChannels(Tensor first, Tensor second, Tensor x) =>
        CpuLibrary.MergeChannels(Rows(x), first.Shape.Channels, Float(first), Float(second), Float(x)).Check();

    /// <inheritdoc/>
    public override void GlobalAveragePoolForward(Tensor x, Tensor y)
    {
        CpuShape shape = NativeShape(x.Shape);
        CpuLibrary.GlobalAveragePoolForward(&shape, Float(x), Float(y)).Check();
    }

    /// <inheritdoc/>
    public override void GlobalAveragePoolBackward(Tensor dy, Tensor dx)
    {
        CpuShape shape = NativeShape(dx.Shape);
        CpuLibrary.GlobalAveragePoolBackward(&shape, Float(dy), Float(dx)).Check();
    }

    /// <inheritdoc/>
    public override void MaxPoolForward(Tensor x, Tensor y)
    {
        CpuPoolGeometry geometry = PoolGeometry(x.Shape);
        CpuLibrary.MaxPoolForward(&geometry, Float(x), Float(y)).Check();
    }

    /// <inheritdoc/>
    public override void MaxPoolBackward(Tensor x, Tensor dy, Tensor dx)
    {
        CpuPoolGeometry geometry = PoolGeometry(x.Shape);
        CpuLibrary.MaxPoolBackward(&geometry, Float(x), Float(dy), Float(dx)).Check();
    }

    /// <inheritdoc/>
    public override void LinearForward(Tensor x, Tensor w, Tensor bias, Tensor y) =>
        CpuLibrary.LinearForward(x.Shape[0], x.Shape[1], w.Shape[0], Float(x), Float(w), Float(bias), Float(y)).Check();

    /// <inheritdoc/>
    public override void LinearBackward(Tensor x, Tensor w, Tensor dy, Tensor dx, Tensor dw, Tensor dbias) =>
        CpuLibrary.LinearBackward(x.Shape[0], x.Shape[1], w.Shape[0], Float(x), Float(w), Float(dy), Float(dx), Float(dw), Float(dbias)).Check();

    /// <inheritdoc/>
    public override void CrossEntropy(Tensor logits, Tensor targets, float gradientScale, Tensor gradient, Tensor statistics)
    {
        double loss = 0;
        long correct = 0;
        (int batch, int classes) = (logits.Shape[0], logits.Shape[1]);
        CpuLibrary.CrossEntropy(batch, classes, Float(logits), Float(targets), gradientScale, Float(gradient), &loss, &correct).Check();
        Double(statistics)[0] += loss;
        Double(statistics)[1] += correct;
    }

    /// <inheritdoc/>
    public override void StepVerdict(
        in StepLimits limits,
        Tensor losses,
        Tensor squareSum,
        Tensor inversions,
        Tensor evaluations,
        Tensor coefficients,
        Tensor settings,
        Tensor outcome)
    {
        (long blocks, long stride) = inversions.IsEmpty ? (0, 0) : (inversions.Shape[0], inversions.Shape[1]);
        CpuLibrary.StepVerdict(
            blocks,
            stride,
            limits.Averaging,
            limits.ClipNorm,
            limits.HardLimit,
            limits.Tolerance,
            limits.Rounding,
            Double(losses),
            Double(squareSum),
            Double(inversions),
            Double(evaluations),
            Float(coefficients),
            Double(settings),
            Double(outcome)).Check();
    }

    /// <inheritdoc/>
    public override void Sgd(Tensor settings, Tensor gradients, Tensor momentumBuffer, Tensor weights) =>
        CpuLibrary.Sgd(OptimizerNumbers.Groups(settings), Double(settings), Float(gradients), Float(momentumBuffer), Float(weights)).Check();

    /// <inheritdoc/>
    public override void AdamW(Tensor settings, Tensor gradients, Tensor firstMoment, Tensor secondMoment, Tensor weights) =>
        CpuLibrary.AdamW(
            OptimizerNumbers.Groups(settings), Double(settings), Float(gradients), Float(firstMoment), Float(secondMoment), Float(weights)).Check();

    /// <inheritdoc/>
    protected override ConvolutionPlan CreateConvolution(ConvolutionGeometry geometry) => new CpuConvolution(geometry, Memory);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        _memory.Dispose();
    }

    private CpuSupport Support(ElementType type)
    {
        RequireDevice();
        CpuSupport support = default;
        CpuLibrary.Supports((CpuType)type, &support).Check();
        return support;
    }

    private static CpuShape NativeShape(Shape shape)
    {
        CpuShape native = new() { Rank = shape.SpatialRank, Batch = shape.Batch, Channels = shape.Channels };
        for (int axis = 0; axis < shape.SpatialRank; axis++)
        {
            native.Extent[axis] = shape.Extent(axis);
        }
        return native;
    }

    private static CpuPoolGeometry PoolGeometry(Shape input) =>
        new() { Input = NativeShape(input), Window = new Extents(3, 3, 3), Stride = new Extents(2, 2, 2), Padding = new Extents(1, 1, 1) };

    private static Span<T> AsSpan<T>(Tensor tensor) where T : unmanaged
    {
        if (sizeof(T) != tensor.Type.Size())
        {
            throw new ArgumentException($"A tensor of {tensor.Type} cannot be read as {typeof(T).Name}.");
        }
        return new Span<T>((void*)tensor.Address, checked((int)tensor.Count));
    }

    private static long Rows(Tensor tensor) => tensor.Count / tensor.Shape.Channels;

    private static CpuType Type(Tensor tensor) => (CpuType)tensor.Type;
    private static void* Any(Tensor tensor) => (void*)tensor.Address;
    private static double* Double(Tensor tensor) => (double*)tensor.Address;
    private static float* Float(Tensor tensor) => (float*)tensor.Address;
}
