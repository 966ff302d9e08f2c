using RevUp.Backends;
using RevUp.Tensors;

namespace RevUp.Benchmarks.Traffic;

/// <summary>
/// Another backend, whose operations are counted on their way: the bytes of each operand once, which is what an operation moves that is one pass over memory.
/// An operand that is updated in place counts twice. The backend belongs to the caller.
/// </summary>
internal sealed class CountingBackend(Backend inner, OperationCounter counter) : Backend
{
    public override string Name => inner.Name;

    public override string Description => inner.Description;

    public override Arena Memory => inner.Memory;

    public override bool Supports(ElementType type) => inner.Supports(type);

    public override bool Accelerates(ElementType type) => inner.Accelerates(type);

    public override void Upload<T>(ReadOnlySpan<T> source, Tensor destination) => inner.Upload(source, destination);

    public override void Download<T>(Tensor source, Span<T> destination) => inner.Download(source, destination);

    public override void Fill(Tensor y, float value) => counter.Count("fill", () => inner.Fill(y, value), [y]);

    public override void Cast(Tensor x, Tensor y) => counter.Count("cast", () => inner.Cast(x, y), [x, y]);

    public override void PreactivationForward(Activation activation, Tensor x, Tensor a, Tensor b, Tensor y) =>
        counter.Count("pre-activation, forward", () => inner.PreactivationForward(activation, x, a, b, y), [x, a, b, y]);

    public override void PreactivationBackward(
        Activation activation, Tensor x, Tensor a, Tensor dy, Tensor scale, Tensor residual, Tensor dx, Tensor sumA, Tensor sumB) =>
        counter.Count(
            "pre-activation, backward",
            () => inner.PreactivationBackward(activation, x, a, dy, scale, residual, dx, sumA, sumB),
            [x, a, dy, scale, residual, dx, sumA, sumB]);

    public override void BatchNormStatistics(Tensor x, float momentum, Tensor mean, Tensor variance, Tensor runningMean, Tensor runningVariance) =>
        counter.Count(
            "batch norm",
            () => inner.BatchNormStatistics(x, momentum, mean, variance, runningMean, runningVariance),
            [x, mean, variance, runningMean, runningVariance]);

    public override void BatchNormForward(Activation activation, Tensor x, BatchNormChannels channels, Tensor y) =>
        counter.Count(
            "batch norm",
            () => inner.BatchNormForward(activation, x, channels, y),
            [x, channels.Mean, channels.Variance, channels.Weight, channels.Bias, y]);

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
        counter.Count(
            "batch norm",
            () => inner.BatchNormBackward(activation, x, channels, dy, scale, residual, dx, weightGradient, biasGradient),
            [x, channels.Mean, channels.Variance, channels.Weight, channels.Bias, dy, scale, residual, dx, weightGradient, biasGradient]);

    public override void ResidualAdd(Tensor x, Tensor z, Tensor s, Tensor y) =>
        counter.Count("residual add", () => inner.ResidualAdd(x, z, s, y), [x, z, s, y]);

    public override void FixedPointStep(Tensor y, Tensor z, Tensor s, Tensor x, Tensor next, Tensor statistics) =>
        counter.Count("fixed-point step", () => inner.FixedPointStep(y, z, s, x, next, statistics), [y, z, s, x, next, statistics]);

    public override void QuantizeBegin(Tensor x, Tensor decoded) => counter.Count("quantise", () => inner.QuantizeBegin(x, decoded), [x, decoded]);

    public override void QuantizeResidual(int bits, Tensor x, Tensor z, Tensor s, Tensor y, Tensor decoded, Tensor codes, Tensor steps) =>
        counter.Count("quantise", () => inner.QuantizeResidual(bits, x, z, s, y, decoded, codes, steps), [x, z, s, y, decoded, codes, steps, decoded]);

    public override void QuantizeRetrace(int bits, Tensor codes, Tensor steps, Tensor decoded) =>
        counter.Count("retrace", () => inner.QuantizeRetrace(bits, codes, steps, decoded), [codes, steps, decoded, decoded]);

    public override void Axpy(Tensor alpha, Tensor x, Tensor y) => counter.Count("add to gradient", () => inner.Axpy(alpha, x, y), [alpha, x, y, y]);

    public override void Dot(Tensor x, Tensor y, Tensor result) => counter.Count("dot product", () => inner.Dot(x, y, result), [x, y, result]);

    public override void NormalizeAll(Tensor table, long longest, ulong seed, Tensor buffer) =>
        counter.Count("power iteration and its gradient", () => inner.NormalizeAll(table, longest, seed, buffer), [table, buffer]);

    public override void BranchScaleForward(BranchBound mode, Tensor coefficient, Tensor multiplier, Tensor sigmas, Tensor scales, Tensor bound) =>
        counter.Count(
            "factors",
            () => inner.BranchScaleForward(mode, coefficient, multiplier, sigmas, scales, bound),
            [coefficient, multiplier, sigmas, scales, bound]);

    public override void BranchScaleBackward(
        BranchBound mode,
        Tensor coefficient,
        Tensor multiplier,
        Tensor sigmas,
        Tensor scales,
        Tensor dots,
        Tensor multiplierGradient,
        Tensor sigmaGradients) =>
        counter.Count(
            "factors",
            () => inner.BranchScaleBackward(mode, coefficient, multiplier, sigmas, scales, dots, multiplierGradient, sigmaGradients),
            [coefficient, multiplier, sigmas, scales, dots, multiplierGradient, sigmaGradients]);

    public override void AffineFactorsForward(Tensor t, Tensor b, Tensor factor, Tensor inverseFactor, Tensor inverseShift) =>
        counter.Count("factors", () => inner.AffineFactorsForward(t, b, factor, inverseFactor, inverseShift), [t, b, factor, inverseFactor, inverseShift]);

    public override void AffineFactorsBackward(Tensor t, Tensor factorGradient, Tensor gradient) =>
        counter.Count("factors", () => inner.AffineFactorsBackward(t, factorGradient, gradient), [t, factorGradient, gradient, gradient]);

    public override void ChannelRotationsForward(Tensor angles, Tensor matrix) =>
        counter.Count("rotations", () => inner.ChannelRotationsForward(angles, matrix), [angles, matrix]);

    public override void ChannelRotationsBackward(Tensor angles, Tensor matrix, Tensor matrixGradient, Tensor gradient) =>
        counter.Count(
            "rotations",
            () => inner.ChannelRotationsBackward(angles, matrix, matrixGradient, gradient),
            [angles, matrix, matrixGradient, gradient, matrix, matrixGradient, gradient]);

    public override void Squeeze(Tensor x, Tensor y) => counter.Count("squeeze", () => inner.Squeeze(x, y), [x, y]);

    public override void Unsqueeze(Tensor y, Tensor x) => counter.Count("squeeze", () => inner.Unsqueeze(y, x), [y, x]);

    public override void ResizeChannels(Tensor x, Tensor y) => counter.Count("resize channels", () => inner.ResizeChannels(x, y), [x, y]);

    public override void SplitChannels(Tensor x, Tensor first, Tensor second) =>
        counter.Count("split channels", () => inner.SplitChannels(x, first, second), [x, first, second]);

    public override void MergeChannels(Tensor first, Tensor second, Tensor x) =>
        counter.Count("merge channels", () => inner.MergeChannels(first, second, x), [first, second, x]);

    public override void GlobalAveragePoolForward(Tensor x, Tensor y) => counter.Count("head", () => inner.GlobalAveragePoolForward(x, y), [x, y]);

    public override void GlobalAveragePoolBackward(Tensor dy, Tensor dx) => counter.Count("head", () => inner.GlobalAveragePoolBackward(dy, dx), [dy, dx]);

    public override void MaxPoolForward(Tensor x, Tensor y) => counter.Count("max pool", () => inner.MaxPoolForward(x, y), [x, y]);

    public override void MaxPoolBackward(Tensor x, Tensor dy, Tensor dx) => counter.Count("max pool", () => inner.MaxPoolBackward(x, dy, dx), [x, dy, dx]);

    public override void LinearForward(Tensor x, Tensor w, Tensor bias, Tensor y) =>
        counter.Count("head", () => inner.LinearForward(x, w, bias, y), [x, w, bias, y]);

    public override void LinearBackward(Tensor x, Tensor w, Tensor dy, Tensor dx, Tensor dw, Tensor dbias) =>
        counter.Count("head", () => inner.LinearBackward(x, w, dy, dx, dw, dbias), [x, w, dy, dx, dw, dbias, dw, dbias]);

    public override void CrossEntropy(Tensor logits, Tensor targets, float gradientScale, Tensor gradient, Tensor statistics) =>
        counter.Count("head", () => inner.CrossEntropy(logits, targets, gradientScale, gradient, statistics), [logits, targets, gradient, statistics]);

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
        StepLimits copy = limits;
        counter.Count(
            "step verdict",
            () => inner.StepVerdict(copy, losses, squareSum, inversions, evaluations, coefficients, settings, outcome),
            [losses, squareSum, inversions, evaluations, coefficients, settings, outcome]);
    }

    public override void Sgd(Tensor settings, Tensor gradients, Tensor momentumBuffer, Tensor weights) =>
        counter.Count(
            "optimiser",
            () => inner.Sgd(settings, gradients, momentumBuffer, weights),
            [settings, gradients, momentumBuffer, weights, momentumBuffer, weights]);

    public override void AdamW(Tensor settings, Tensor gradients, Tensor firstMoment, Tensor secondMoment, Tensor weights) =>
        counter.Count(
            "optimiser",
            () => inner.AdamW(settings, gradients, firstMoment, secondMoment, weights),
            [settings, gradients, firstMoment, secondMoment, weights, firstMoment, secondMoment, weights]);

    protected override ConvolutionPlan CreateConvolution(ConvolutionGeometry geometry) => new CountingConvolution(inner.Convolution(geometry), counter);
}
