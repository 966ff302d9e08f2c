using System.Runtime.InteropServices;

namespace RevUp.Interop.Cpu;

/// <summary>
/// The naive float64 twin of every operation of <see cref="CpuLibrary"/> (revup_reference.h): one plain loop each, single-threaded, arguments trusted and not
/// checked. What the fast versions are tested against and reported beside. Convolutions take the weights themselves and ignore the geometry's type.
/// </summary>
public static unsafe partial class CpuReference
{
    static CpuReference() => NativeLibraries.Register();

    /// <summary>The oracle of <see cref="CpuLibrary.PreactivationForward"/>.</summary>
    [LibraryImport(NativeLibraries.Cpu, EntryPoint = "revup_reference_preactivation_forward")]
    public static partial void PreactivationForward(long count, CpuActivation activation, double* x, double a, double b, double* y);

    /// <summary>The oracle of <see cref="CpuLibrary.PreactivationBackward"/>.</summary>
    [LibraryImport(NativeLibraries.Cpu, EntryPoint = "revup_reference_preactivation_backward")]
    public static partial void PreactivationBackward(
        long count, CpuActivation activation, double* x, double a, double* dy, double scale, double* residual, double* dx, double* sumA, double* sumB);

    /// <summary>The oracle of <see cref="CpuLibrary.ResidualAdd"/>.</summary>
    [LibraryImport(NativeLibraries.Cpu, EntryPoint = "revup_reference_residual_add")]
    public static partial void ResidualAdd(long count, double* x, double* z, double s, double* y);

    /// <summary>The oracle of <see cref="CpuLibrary.FixedPointStep"/>.</summary>
    [LibraryImport(NativeLibraries.Cpu, EntryPoint = "revup_reference_fixed_point_step")]
    public static partial void FixedPointStep(long count, double* y, double* z, double s, double* x, double* xNext, double* difference, double* norm);

    /// <summary>The oracle of <see cref="CpuLibrary.QuantizeBegin"/>.</summary>
    [LibraryImport(NativeLibraries.Cpu, EntryPoint = "revup_reference_quantize_begin")]
    public static partial void QuantizeBegin(long count, double* x, double* decoded);

    /// <summary>The oracle of <see cref="CpuLibrary.QuantizeResidual"/>; a code is a number.</summary>
    [LibraryImport(NativeLibraries.Cpu, EntryPoint = "revup_reference_quantize_residual")]
    public static partial void QuantizeResidual(
        long batch, long positions, long channels, int bits, double* x, double* z, double s, double* y, double* decoded, double* codes, double* steps);

    /// <summary>The oracle of <see cref="CpuLibrary.QuantizeRetrace"/>.</summary>
    [LibraryImport(NativeLibraries.Cpu, EntryPoint = "revup_reference_quantize_retrace")]
    public static partial void QuantizeRetrace(long batch, long positions, long channels, double* codes, double* steps, double* decoded);

    /// <summary>The oracle of <see cref="CpuLibrary.Axpy"/>.</summary>
    [LibraryImport(NativeLibraries.Cpu, EntryPoint = "revup_reference_axpy")]
    public static partial void Axpy(long count, double alpha, double* x, double* y);

    /// <summary>The oracle of <see cref="CpuLibrary.BatchNormStatistics"/>; no argument may be null.</summary>
    [LibraryImport(NativeLibraries.Cpu, EntryPoint = "revup_reference_batch_norm_statistics")]
    public static partial void BatchNormStatistics(
        long rows, long channels, double* x, double momentum, double* mean, double* variance, double* runningMean, double* runningVariance);

    /// <summary>The oracle of <see cref="CpuLibrary.BatchNormForward"/>.</summary>
    [LibraryImport(NativeLibraries.Cpu, EntryPoint = "revup_reference_batch_norm_forward")]
    public static partial void BatchNormForward(
        long rows, long channels, CpuActivation activation, double* x, double* mean, double* variance, double epsilon, double* weight, double* bias, double* y);

    /// <summary>The oracle of <see cref="CpuLibrary.BatchNormBackward"/>; neither gradient may be null.</summary>
    [LibraryImport(NativeLibraries.Cpu, EntryPoint = "revup_reference_batch_norm_backward")]
    public static partial void BatchNormBackward(
        long rows, long channels, CpuActivation activation, double* x, double* mean, double* variance, double epsilon, double* weight, double* bias, double* dy,
        double scale, double* residual, double* dx, double* weightGradient, double* biasGradient);

    /// <summary>The oracle of <see cref="CpuLibrary.Sum"/>.</summary>
    [LibraryImport(NativeLibraries.Cpu, EntryPoint = "revup_reference_sum")]
    public static partial double Sum(long count, double* x);

    /// <summary>The oracle of <see cref="CpuLibrary.Dot"/>.</summary>
    [LibraryImport(NativeLibraries.Cpu, EntryPoint = "revup_reference_dot")]
    public static partial double Dot(long count, double* x, double* y);

    /// <summary>The oracle of <see cref="CpuLibrary.BranchScaleForward"/>; bound is not null.</summary>
    [LibraryImport(NativeLibraries.Cpu, EntryPoint = "revup_reference_branch_scale_forward")]
    public static partial void BranchScaleForward(
        CpuBranchBound mode, long convolutions, double coefficient, double multiplier, double* sigmas, double* scales, double* bound);

    /// <summary>The oracle of <see cref="CpuLibrary.BranchScaleBackward"/>.</summary>
    [LibraryImport(NativeLibraries.Cpu, EntryPoint = "revup_reference_branch_scale_backward")]
    public static partial void BranchScaleBackward(
        CpuBranchBound mode, long convolutions, double coefficient, double multiplier, double* sigmas, double* scales, double* dots,
        double* multiplierGradient, double* sigmaGradients);

    /// <summary>The oracle of <see cref="CpuLibrary.AffineFactorsForward"/>.</summary>
    [LibraryImport(NativeLibraries.Cpu, EntryPoint = "revup_reference_affine_factors_forward")]
    public static partial void AffineFactorsForward(
        long channels, double* t, double* b, double* factor, double* inverseFactor, double* inverseShift);

    /// <summary>The oracle of <see cref="CpuLibrary.AffineFactorsBackward"/>.</summary>
    [LibraryImport(NativeLibraries.Cpu, EntryPoint = "revup_reference_affine_factors_backward")]
    public static partial void AffineFactorsBackward(long channels, double* t, double* factorGradient, double* gradient);

    /// <summary>The oracle of <see cref="CpuLibrary.ChannelRotationsForward"/>.</summary>
    [LibraryImport(NativeLibraries.Cpu, EntryPoint = "revup_reference_channel_rotations_forward")]
    public static partial void ChannelRotationsForward(long channels, double* angles, double* matrix);

    /// <summary>The oracle of <see cref="CpuLibrary.ChannelRotationsBackward"/>.</summary>
    [LibraryImport(NativeLibraries.Cpu, EntryPoint = "revup_reference_channel_rotations_backward")]
    public static partial void ChannelRotationsBackward(long channels, double* angles, double* matrix, double* matrixGradient, double* gradient);

    /// <summary>The oracle of <see cref="CpuLibrary.Squeeze"/>.</summary>
    [LibraryImport(NativeLibraries.Cpu, EntryPoint = "revup_reference_squeeze")]
    public static partial void Squeeze(CpuShape* shape, double* x, double* y);

    /// <summary>The oracle of <see cref="CpuLibrary.Unsqueeze"/>.</summary>
    [LibraryImport(NativeLibraries.Cpu, EntryPoint = "revup_reference_unsqueeze")]
    public static partial void Unsqueeze(CpuShape* shape, double* y, double* x);

    /// <summary>The oracle of <see cref="CpuLibrary.SplitChannels"/>.</summary>
    [LibraryImport(NativeLibraries.Cpu, EntryPoint = "revup_reference_split_channels")]
    public static partial void SplitChannels(long rows, long channels, double* x, double* first, double* second);

    /// <summary>The oracle of <see cref="CpuLibrary.MergeChannels"/>.</summary>
    [LibraryImport(NativeLibraries.Cpu, EntryPoint = "revup_reference_merge_channels")]
    public static partial void MergeChannels(long rows, long channels, double* first, double* second, double* x);

    /// <summary>The oracle of <see cref="CpuLibrary.ResizeChannels"/>.</summary>
    [LibraryImport(NativeLibraries.Cpu, EntryPoint = "revup_reference_resize_channels")]
    public static partial void ResizeChannels(long rows, long xChannels, double* x, long yChannels, double* y);

    /// <summary>The oracle of <see cref="CpuLibrary.GlobalAveragePoolForward"/>.</summary>
    [LibraryImport(NativeLibraries.Cpu, EntryPoint = "revup_reference_global_average_pool_forward")]
    public static partial void GlobalAveragePoolForward(CpuShape* shape, double* x, double* y);

    /// <summary>The oracle of <see cref="CpuLibrary.GlobalAveragePoolBackward"/>.</summary>
    [LibraryImport(NativeLibraries.Cpu, EntryPoint = "revup_reference_global_average_pool_backward")]
    public static partial void GlobalAveragePoolBackward(CpuShape* shape, double* dy, double* dx);

    /// <summary>The oracle of <see cref="CpuLibrary.MaxPoolForward"/>.</summary>
    [LibraryImport(NativeLibraries.Cpu, EntryPoint = "revup_reference_max_pool_forward")]
    public static partial void MaxPoolForward(CpuPoolGeometry* geometry, double* x, double* y);

    /// <summary>The oracle of <see cref="CpuLibrary.MaxPoolBackward"/>.</summary>
    [LibraryImport(NativeLibraries.Cpu, EntryPoint = "revup_reference_max_pool_backward")]
    public static partial void MaxPoolBackward(CpuPoolGeometry* geometry, double* x, double* dy, double* dx);

    /// <summary>The oracle of <see cref="CpuLibrary.LinearForward"/>.</summary>
    [LibraryImport(NativeLibraries.Cpu, EntryPoint = "revup_reference_linear_forward")]
    public static partial void LinearForward(long batch, long inputs, long outputs, double* x, double* w, double* bias, double* y);

    /// <summary>The oracle of <see cref="CpuLibrary.LinearBackward"/>.</summary>
    [LibraryImport(NativeLibraries.Cpu, EntryPoint = "revup_reference_linear_backward")]
    public static partial void LinearBackward(long batch, long inputs, long outputs, double* x, double* w, double* dy, double* dx, double* dw, double* dbias);

    /// <summary>The oracle of <see cref="CpuLibrary.CrossEntropy"/>.</summary>
    [LibraryImport(NativeLibraries.Cpu, EntryPoint = "revup_reference_cross_entropy")]
    public static partial void CrossEntropy(
        long batch, long classes, double* logits, double* targets, double gradientScale, double* gradient, double* lossSum, long* correct);

    /// <summary>The oracle of <see cref="CpuLibrary.Sgd"/>.</summary>
    [LibraryImport(NativeLibraries.Cpu, EntryPoint = "revup_reference_sgd")]
    public static partial void Sgd(
        long count, double learningRate, double momentum, double weightDecay, int nesterov, double gradientScale, double* gradient, double* momentumBuffer,
        double* weights);

    /// <summary>The oracle of <see cref="CpuLibrary.AdamW"/>.</summary>
    [LibraryImport(NativeLibraries.Cpu, EntryPoint = "revup_reference_adamw")]
    public static partial void AdamW(
        long count, double learningRate, double beta1, double beta2, double epsilon, double weightDecay, long step, double gradientScale, double* gradient,
        double* firstMoment, double* secondMoment, double* weights);

    /// <summary>The oracle of <see cref="CpuLibrary.StepVerdict"/>.</summary>
    [LibraryImport(NativeLibraries.Cpu, EntryPoint = "revup_reference_step_verdict")]
    public static partial void StepVerdict(
        long blocks, long stride, double averaging, double clipNorm, double hardLimit, double tolerance, double rounding, double* losses,
        double* squareSum, double* inversions, double* evaluations, float* coefficients, double* settings, double* outcome);

    /// <summary>The oracle of <see cref="CpuLibrary.ConvolutionFprop"/>.</summary>
    [LibraryImport(NativeLibraries.Cpu, EntryPoint = "revup_reference_convolution_fprop")]
    public static partial void ConvolutionFprop(CpuConvolutionGeometry* geometry, double* src, double* weights, double* dst);

    /// <summary>The oracle of <see cref="CpuLibrary.ConvolutionDgrad"/>.</summary>
    [LibraryImport(NativeLibraries.Cpu, EntryPoint = "revup_reference_convolution_dgrad")]
    public static partial void ConvolutionDgrad(CpuConvolutionGeometry* geometry, double* diffDst, double* weights, double* diffSrc);

    /// <summary>The oracle of <see cref="CpuLibrary.ConvolutionWgrad"/>.</summary>
    [LibraryImport(NativeLibraries.Cpu, EntryPoint = "revup_reference_convolution_wgrad")]
    public static partial void ConvolutionWgrad(CpuConvolutionGeometry* geometry, double* src, double* diffDst, double* diffWeights);
}
