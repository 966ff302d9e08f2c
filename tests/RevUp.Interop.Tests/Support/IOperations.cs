using RevUp.Backends;
using RevUp.Interop.Cpu;

namespace RevUp.Interop.Tests.Support;

/// <summary>The argument that an output shares its memory with.</summary>
internal enum Alias
{
    None,
    X,
    Y,
    Z,
    Dy,
    Residual,
}

internal sealed record PreactivationGradients(float[] Dx, float SumA, float SumB);

/// <summary>Numbers per channel; null for those that an operation takes the absence of.</summary>
internal sealed record BatchNormArrays(float[]? Mean, float[]? Variance, float Epsilon, float[]? Weight, float[] Bias)
{
    internal int Channels => Bias.Length;
}

internal sealed record BatchNormMoments(float[] Mean, float[] Variance, float[] RunningMean, float[] RunningVariance);

internal sealed record BatchNormGradients(float[] Dx, float[] Weight, float[] Bias);

internal sealed record FixedPointResult(float[] Next, double Difference, double Norm);

/// <summary>A stream after a block: y, what is decoded of it, the codes as bytes, and the steps [N, C].</summary>
internal sealed record QuantizeResult(float[] Y, float[] Decoded, byte[] Codes, float[] Steps);

internal sealed record LinearGradients(float[] Dx, float[] Dw, float[] Dbias);

internal sealed record CrossEntropyResult(float[]? Gradient, double LossSum, long Correct);

/// <summary>The numbers that a channel's affine map is computed with, and its inverse.</summary>
internal sealed record AffineNumbers(float[] Factor, float[] InverseFactor, float[] InverseShift);

/// <summary>Gradients of a branch's multiplier and norms.</summary>
internal sealed record BranchScaleGradients(float Multiplier, float[] Sigmas);

/// <summary>The gradient of the angles, and both matrices after they were undone.</summary>
internal sealed record RotationGradients(float[] Angles, float[] Matrix, float[] MatrixGradient);

/// <summary>A vector of a table: first element, elements, and the index of its norm, all in one buffer.</summary>
internal readonly record struct VectorEntry(double First, double Count, double Norm);

/// <summary>
/// What a verdict is given: loss and correct samples, Σ g², per evaluation of a block its two statistics, [blocks, stride, 2], and the coefficients, if any.
/// </summary>
internal sealed record StepStatistics(double[] Losses, double SquareSum, double[] Inversions, double[] Evaluations, float[]? Coefficients = null)
{
    internal int Blocks => Evaluations.Length;

    internal int Stride => Blocks == 0 ? 0 : Inversions.Length / (2 * Blocks);
}

/// <summary>What it leaves: the settings, its report, and the losses, for the next step.</summary>
internal sealed record StepVerdictResult(OptimizerNumbers Settings, StepOutcome Outcome, double[] Losses);

/// <summary>
/// Every operation of a backend as a function of managed arrays, so that one test body serves all backends: the conformance suite knows nothing else of them.
/// Arrays that the device updates in place (momentum, moments, weights, accumulators) are updated in place here too.
/// </summary>
internal interface IOperations
{
    bool Supports(CpuType convolutionType);

    /// <summary>Whether the backend has this geometry: some have only those of the library's layers, the same along every axis.</summary>
    bool Supports(in CpuConvolutionGeometry geometry);

    /// <summary>As for convolutions.</summary>
    bool Supports(in CpuPoolGeometry geometry);

    /// <summary>What wgrad rounds to before it is widened to float32.</summary>
    CpuType WeightGradientType(CpuType convolutionType);

    float[] Fill(int count, float value);

    float[] Cast(Stored x, CpuType yType);

    float[] PreactivationForward(CpuActivation activation, Stored x, float a, float b, CpuType yType, Alias y);

    PreactivationGradients PreactivationBackward(
        CpuActivation activation, Stored x, float a, Stored dy, float? scale, Stored? residual, CpuType dxType, Alias dx, float sumA, float sumB);

    BatchNormMoments BatchNormStatistics(int channels, Stored x, float momentum, float[] runningMean, float[] runningVariance);

    float[] BatchNormForward(CpuActivation activation, Stored x, BatchNormArrays channels, CpuType yType, Alias y);

    BatchNormGradients BatchNormBackward(
        CpuActivation activation, Stored x, BatchNormArrays channels, Stored dy, float? scale, Stored? residual, CpuType dxType, Alias dx,
        float[] weightGradient, float[] biasGradient);

    float[] ResidualAdd(float[] x, Stored z, float s, Alias y);

    FixedPointResult FixedPointStep(float[] y, Stored z, float s, float[] x, Alias next);

    float[] QuantizeBegin(float[] x);

    QuantizeResult QuantizeResidual(CpuShape shape, int bits, float[] x, Stored z, float s, float[] decoded, Alias y);

    float[] QuantizeRetrace(CpuShape shape, int bits, byte[] codes, float[] steps, float[] decoded);

    float[] Axpy(float? alpha, float[] x, float[] y);

    /// <summary>y null: x with itself, by aliasing.</summary>
    double Dot(float[] x, float[]? y);

    /// <summary>In place; the norms go where the table says.</summary>
    void NormalizeAll(VectorEntry[] table, ulong seed, float[] buffer);

    /// <summary>The bound is computed only when it is wanted; otherwise it is NaN.</summary>
    (float[] Scales, double Bound) BranchScaleForward(CpuBranchBound mode, float coefficient, float multiplier, float[] sigmas, bool withBound = true);

    /// <summary>The multiplier's gradient is added to <paramref name="multiplierGradient"/>.</summary>
    BranchScaleGradients BranchScaleBackward(
        CpuBranchBound mode, float coefficient, float multiplier, float[] sigmas, float[] scales, double[] dots, float multiplierGradient);

    AffineNumbers AffineFactorsForward(float[] t, float[] b);

    /// <summary>The sum of the result and <paramref name="gradient"/>.</summary>
    float[] AffineFactorsBackward(float[] t, float[] factorGradient, float[] gradient);

    float[] ChannelRotationsForward(int channels, float[] angles);

    /// <summary>The gradient of the angles is added to <paramref name="gradient"/>.</summary>
    RotationGradients ChannelRotationsBackward(int channels, float[] angles, float[] matrix, float[] matrixGradient, float[] gradient);

    float[] Squeeze(CpuShape shape, float[] x);

    float[] Unsqueeze(CpuShape shape, float[] y);

    float[] ResizeChannels(int rows, int xChannels, float[] x, int yChannels);

    (float[] First, float[] Second) SplitChannels(int channels, float[] x);

    float[] MergeChannels(int channels, float[] first, float[] second);

    float[] GlobalAveragePoolForward(CpuShape shape, float[] x);

    float[] GlobalAveragePoolBackward(CpuShape shape, float[] dy);

    float[] MaxPoolForward(CpuPoolGeometry geometry, float[] x);

    float[] MaxPoolBackward(CpuPoolGeometry geometry, float[] x, float[] dy);

    float[] LinearForward(int batch, int inputs, int outputs, float[] x, float[] w, float[] bias);

    LinearGradients LinearBackward(int batch, int inputs, int outputs, float[] x, float[] w, float[] dy, float[] dw, float[] dbias);

    CrossEntropyResult CrossEntropy(int batch, int classes, float[] logits, float[] targets, float gradientScale, bool withGradient, Alias gradient);

    StepVerdictResult StepVerdict(StepLimits limits, StepStatistics statistics, OptimizerNumbers settings);

    void Sgd(OptimizerNumbers settings, GroupNumbers[] groups, float[] gradient, float[] momentum, float[] weights);

    void AdamW(OptimizerNumbers settings, GroupNumbers[] groups, float[] gradient, float[] firstMoment, float[] secondMoment, float[] weights);

    float[] ConvolutionFprop(CpuConvolutionGeometry geometry, Stored src, float[] weights, float? scale);

    float[] ConvolutionDgrad(CpuConvolutionGeometry geometry, Stored diffDst, float[] weights, float? scale);

    float[] ConvolutionWgrad(CpuConvolutionGeometry geometry, Stored src, Stored diffDst);
}
