using RevUp.Interop.Cpu;
using static RevUp.Interop.Tests.Hostile.ArgumentKind;

namespace RevUp.Interop.Tests.Hostile;

/// <summary>Every function that takes pointers to tensors, with arguments that it accepts; see <see cref="AbiMemory"/> for what they point at.</summary>
internal static unsafe class AbiFunctions
{
    private static readonly Argument s_count = new(Count, "count");

    internal static readonly AbiFunction[] All =
    [
        new("fill", [s_count, new(Tensor, "y")], v => CpuLibrary.Fill(v[0], 1, (float*)v[1])),
        new("cast", [s_count, new(ArgumentKind.Type, "x_type"), new(Tensor, "x"), new(ArgumentKind.Type, "y_type"), new(Tensor, "y")],
            v => CpuLibrary.Cast(v[0], (CpuType)v[1], (void*)v[2], (CpuType)v[3], (void*)v[4])),
        new("preactivation_forward",
            [s_count, new(Activation, "activation"), new(ArgumentKind.Type, "x_type"), new(Tensor, "x"), new(Scalar, "a"), new(Scalar, "b"),
                new(ArgumentKind.Type, "y_type"), new(Tensor, "y")],
            v => CpuLibrary.PreactivationForward(
                v[0], (CpuActivation)v[1], (CpuType)v[2], (void*)v[3], (float*)v[4], (float*)v[5], (CpuType)v[6], (void*)v[7])),
        new("preactivation_backward",
            [s_count, new(Activation, "activation"), new(ArgumentKind.Type, "x_type"), new(Tensor, "x"), new(Scalar, "a"), new(ArgumentKind.Type, "dy_type"),
                new(Tensor, "dy"), new(OptionalScalar, "scale"), new(OptionalTensor, "residual"), new(ArgumentKind.Type, "dx_type"), new(Tensor, "dx"),
                new(OptionalScalar, "sum_a"), new(OptionalScalar, "sum_b")],
            v => CpuLibrary.PreactivationBackward(
                v[0], (CpuActivation)v[1], (CpuType)v[2], (void*)v[3], (float*)v[4], (CpuType)v[5], (void*)v[6], (float*)v[7], (void*)v[8], (CpuType)v[9],
                (void*)v[10], (float*)v[11], (float*)v[12])),
        new("batch_norm_statistics",
            [new(Count, "rows"), new(Count, "channels"), new(ArgumentKind.Type, "x_type"), new(Tensor, "x"), new(Scalar, "mean"), new(Scalar, "variance"),
                new(Scalar, "running_mean"), new(Scalar, "running_variance")],
            v => CpuLibrary.BatchNormStatistics(
                v[0], v[1], (CpuType)v[2], (void*)v[3], 0.1f, (float*)v[4], (float*)v[5], (float*)v[6], (float*)v[7])),
        new("batch_norm_forward",
            [new(Count, "rows"), new(Count, "channels"), new(Activation, "activation"), new(ArgumentKind.Type, "x_type"), new(Tensor, "x"), new(Scalar, "mean"),
                new(Scalar, "variance"), new(OptionalScalar, "weight"), new(Scalar, "bias"), new(ArgumentKind.Type, "y_type"), new(Tensor, "y")],
            v => CpuLibrary.BatchNormForward(
                v[0], v[1], (CpuActivation)v[2], (CpuType)v[3], (void*)v[4], (float*)v[5], (float*)v[6], 1e-5f, (float*)v[7], (float*)v[8], (CpuType)v[9],
                (void*)v[10])),
        new("batch_norm_backward",
            [new(Count, "rows"), new(Count, "channels"), new(Activation, "activation"), new(ArgumentKind.Type, "x_type"), new(Tensor, "x"), new(Scalar, "mean"),
                new(Scalar, "variance"), new(OptionalScalar, "weight"), new(Scalar, "bias"), new(ArgumentKind.Type, "dy_type"), new(Tensor, "dy"),
                new(OptionalScalar, "scale"), new(OptionalTensor, "residual"), new(ArgumentKind.Type, "dx_type"), new(Tensor, "dx"),
                new(OptionalScalar, "weight_gradient"), new(OptionalScalar, "bias_gradient")],
            v => CpuLibrary.BatchNormBackward(
                v[0], v[1], (CpuActivation)v[2], (CpuType)v[3], (void*)v[4], (float*)v[5], (float*)v[6], 1e-5f, (float*)v[7], (float*)v[8], (CpuType)v[9],
                (void*)v[10], (float*)v[11], (void*)v[12], (CpuType)v[13], (void*)v[14], (float*)v[15], (float*)v[16])),
        new("residual_add", [s_count, new(Tensor, "x"), new(ArgumentKind.Type, "z_type"), new(Tensor, "z"), new(Scalar, "s"), new(Tensor, "y")],
            v => CpuLibrary.ResidualAdd(v[0], (float*)v[1], (CpuType)v[2], (void*)v[3], (float*)v[4], (float*)v[5])),
        new("fixed_point_step",
            [s_count, new(Tensor, "y"), new(ArgumentKind.Type, "z_type"), new(Tensor, "z"), new(Scalar, "s"), new(Tensor, "x"), new(Tensor, "x_next"),
                new(Statistic, "difference"), new(Statistic, "norm")],
            v => CpuLibrary.FixedPointStep(
                v[0], (float*)v[1], (CpuType)v[2], (void*)v[3], (float*)v[4], (float*)v[5], (float*)v[6], (double*)v[7], (double*)v[8])),
        new("quantize_begin", [s_count, new(Tensor, "x"), new(Tensor, "decoded")], v => CpuLibrary.QuantizeBegin(v[0], (float*)v[1], (float*)v[2])),
        new("quantize_residual",
            [new(Count, "batch"), new(Count, "positions"), new(Count, "channels"), new(Bits, "bits"), new(Tensor, "x"), new(ArgumentKind.Type, "z_type"),
                new(Tensor, "z"), new(Scalar, "s"), new(Tensor, "y"), new(Tensor, "decoded"), new(Tensor, "codes"), new(Tensor, "steps")],
            v => CpuLibrary.QuantizeResidual(
                v[0], v[1], v[2], (int)v[3], (float*)v[4], (CpuType)v[5], (void*)v[6], (float*)v[7], (float*)v[8], (float*)v[9], (void*)v[10], (void*)v[11])),
        new("quantize_retrace",
            [new(Count, "batch"), new(Count, "positions"), new(Count, "channels"), new(Bits, "bits"), new(Tensor, "codes"), new(Tensor, "steps"),
                new(Tensor, "decoded")],
            v => CpuLibrary.QuantizeRetrace(v[0], v[1], v[2], (int)v[3], (void*)v[4], (void*)v[5], (float*)v[6])),
        new("axpy", [s_count, new(OptionalScalar, "alpha"), new(Tensor, "x"), new(Tensor, "y")],
            v => CpuLibrary.Axpy(v[0], (float*)v[1], (float*)v[2], (float*)v[3])),
        new("sum", [s_count, new(Tensor, "x"), new(Statistic, "result")], v => CpuLibrary.Sum(v[0], (float*)v[1], (double*)v[2])),
        new("dot", [s_count, new(Tensor, "x"), new(Tensor, "y"), new(Statistic, "result")],
            v => CpuLibrary.Dot(v[0], (float*)v[1], (float*)v[2], (double*)v[3])),
        new("distance", [s_count, new(Tensor, "x"), new(Tensor, "y"), new(Statistic, "difference"), new(Statistic, "norm")],
            v => CpuLibrary.Distance(v[0], (float*)v[1], (float*)v[2], (double*)v[3], (double*)v[4])),
        new("normalize_all",
            [new(Count, "vectors", 1), new(Structure, "table", AbiMemory.Vector), new(Count, "count", AbiMemory.VectorBuffer), new(Tensor, "buffer")],
            v => CpuLibrary.NormalizeAll(v[0], (double*)v[1], 1, v[2], (float*)v[3])),
        new("branch_scale_forward",
            [new(BranchBound, "mode"), new(Count, "convolutions"), new(Scalar, "coefficient"), new(Scalar, "multiplier"), new(Scalar, "sigmas"),
                new(Scalar, "scales"), new(OptionalStatistic, "bound")],
            v => CpuLibrary.BranchScaleForward(
                (CpuBranchBound)v[0], v[1], (float*)v[2], (float*)v[3], (float*)v[4], (float*)v[5], (double*)v[6])),
        new("branch_scale_backward",
            [new(BranchBound, "mode"), new(Count, "convolutions"), new(Scalar, "coefficient"), new(Scalar, "multiplier"), new(Scalar, "sigmas"),
                new(Scalar, "scales"), new(Statistic, "dots"), new(Scalar, "multiplier_gradient"), new(Scalar, "sigma_gradients")],
            v => CpuLibrary.BranchScaleBackward(
                (CpuBranchBound)v[0], v[1], (float*)v[2], (float*)v[3], (float*)v[4], (float*)v[5], (double*)v[6], (float*)v[7], (float*)v[8])),
        new("affine_factors_forward",
            [new(Count, "channels"), new(Scalar, "t"), new(Scalar, "b"), new(Scalar, "factor"), new(Scalar, "inverse_factor"), new(Scalar, "inverse_shift")],
            v => CpuLibrary.AffineFactorsForward(v[0], (float*)v[1], (float*)v[2], (float*)v[3], (float*)v[4], (float*)v[5])),
        new("affine_factors_backward", [new(Count, "channels"), new(Scalar, "t"), new(Scalar, "factor_gradient"), new(Scalar, "gradient")],
            v => CpuLibrary.AffineFactorsBackward(v[0], (float*)v[1], (float*)v[2], (float*)v[3])),
        new("channel_rotations_forward", [new(Count, "channels"), new(Scalar, "angles"), new(Tensor, "matrix")],
            v => CpuLibrary.ChannelRotationsForward(v[0], (float*)v[1], (float*)v[2])),
        new("channel_rotations_backward",
            [new(Count, "channels"), new(Scalar, "angles"), new(Tensor, "matrix"), new(Tensor, "matrix_gradient"), new(Scalar, "gradient")],
            v => CpuLibrary.ChannelRotationsBackward(v[0], (float*)v[1], (float*)v[2], (float*)v[3], (float*)v[4])),
        new("squeeze", [new(Structure, "shape", AbiMemory.Shape), new(Tensor, "x"), new(Tensor, "y")],
            v => CpuLibrary.Squeeze((CpuShape*)v[0], (float*)v[1], (float*)v[2])),
        new("unsqueeze", [new(Structure, "shape", AbiMemory.Shape), new(Tensor, "y"), new(Tensor, "x")],
            v => CpuLibrary.Unsqueeze((CpuShape*)v[0], (float*)v[1], (float*)v[2])),
        new("split_channels", [new(Count, "rows"), new(Count, "channels"), new(Tensor, "x"), new(Tensor, "first"), new(Tensor, "second")],
            v => CpuLibrary.SplitChannels(v[0], v[1], (float*)v[2], (float*)v[3], (float*)v[4])),
        new("merge_channels", [new(Count, "rows"), new(Count, "channels"), new(Tensor, "first"), new(Tensor, "second"), new(Tensor, "x")],
            v => CpuLibrary.MergeChannels(v[0], v[1], (float*)v[2], (float*)v[3], (float*)v[4])),
        new("resize_channels", [new(Count, "rows"), new(Count, "x_channels"), new(Tensor, "x"), new(Count, "y_channels", 4), new(Tensor, "y")],
            v => CpuLibrary.ResizeChannels(v[0], v[1], (float*)v[2], v[3], (float*)v[4])),
        new("global_average_pool_forward", [new(Structure, "shape", AbiMemory.Shape), new(Tensor, "x"), new(Tensor, "y")],
            v => CpuLibrary.GlobalAveragePoolForward((CpuShape*)v[0], (float*)v[1], (float*)v[2])),
        new("global_average_pool_backward", [new(Structure, "shape", AbiMemory.Shape), new(Tensor, "dy"), new(Tensor, "dx")],
            v => CpuLibrary.GlobalAveragePoolBackward((CpuShape*)v[0], (float*)v[1], (float*)v[2])),
        new("max_pool_forward", [new(Structure, "geometry", AbiMemory.Pool), new(Tensor, "x"), new(Tensor, "y")],
            v => CpuLibrary.MaxPoolForward((CpuPoolGeometry*)v[0], (float*)v[1], (float*)v[2])),
        new("max_pool_backward", [new(Structure, "geometry", AbiMemory.Pool), new(Tensor, "x"), new(Tensor, "dy"), new(Tensor, "dx")],
            v => CpuLibrary.MaxPoolBackward((CpuPoolGeometry*)v[0], (float*)v[1], (float*)v[2], (float*)v[3])),
        new("linear_forward",
            [new(Count, "batch"), new(Extent, "inputs"), new(Extent, "outputs"), new(Tensor, "x"), new(Tensor, "w"), new(Tensor, "bias"), new(Tensor, "y")],
            v => CpuLibrary.LinearForward(v[0], v[1], v[2], (float*)v[3], (float*)v[4], (float*)v[5], (float*)v[6])),
        new("linear_backward",
            [new(Count, "batch"), new(Extent, "inputs"), new(Extent, "outputs"), new(Tensor, "x"), new(Tensor, "w"), new(Tensor, "dy"), new(Tensor, "dx"),
                new(Tensor, "dw"), new(Tensor, "dbias")],
            v => CpuLibrary.LinearBackward(
                v[0], v[1], v[2], (float*)v[3], (float*)v[4], (float*)v[5], (float*)v[6], (float*)v[7], (float*)v[8])),
        new("cross_entropy",
            [new(Count, "batch"), new(Count, "classes"), new(Tensor, "logits"), new(Tensor, "targets"), new(OptionalTensor, "gradient"),
                new(Statistic, "loss_sum"), new(Statistic, "correct")],
            v => CpuLibrary.CrossEntropy(v[0], v[1], (float*)v[2], (float*)v[3], 1, (float*)v[4], (double*)v[5], (long*)v[6])),
        new("step_verdict",
            [new(Count, "blocks"), new(Count, "stride"), new(Statistic, "losses"), new(Statistic, "square_sum"), new(Statistic, "inversions"),
                new(Statistic, "evaluations"), new(OptionalScalar, "coefficients"), new(Statistic, "settings"), new(Statistic, "outcome")],
            v => CpuLibrary.StepVerdict(
                v[0], v[1], 1, 0, 1, 0, 0, (double*)v[2], (double*)v[3], (double*)v[4], (double*)v[5], (float*)v[6], (double*)v[7], (double*)v[8])),
        new("sgd",
            [new(Count, "groups", AbiMemory.Groups), new(Structure, "settings", AbiMemory.Optimizer), new(Tensor, "gradient"),
                new(Tensor, "momentum_buffer"), new(Tensor, "weights")],
            v => CpuLibrary.Sgd(v[0], (double*)v[1], (float*)v[2], (float*)v[3], (float*)v[4])),
        new("adamw",
            [new(Count, "groups", AbiMemory.Groups), new(Structure, "settings", AbiMemory.Optimizer), new(Tensor, "gradient"), new(Tensor, "first_moment"),
                new(Tensor, "second_moment"), new(Tensor, "weights")],
            v => CpuLibrary.AdamW(v[0], (double*)v[1], (float*)v[2], (float*)v[3], (float*)v[4], (float*)v[5])),
        new("convolution_create", [new(Structure, "geometry", AbiMemory.Convolution), new(Statistic, "handle")], v => CreateAndDestroy(v[0], v[1])),
        new("convolution_query", [new(Handle, "handle"), new(Statistic, "sizes")],
            v => CpuLibrary.ConvolutionQuery(AbiMemory.Handle(v[0]), (CpuConvolutionSizes*)v[1])),
        new("convolution_pack",
            [new(Handle, "handle"), new(Tensor, "weights"), new(OptionalScalar, "scale"), new(Tensor, "packed"), new(Tensor, "scratch")],
            v => CpuLibrary.ConvolutionPack(AbiMemory.Handle(v[0]), (float*)v[1], (float*)v[2], (void*)v[3], (void*)v[4])),
        new("convolution_fprop", [new(Handle, "handle"), new(Tensor, "src"), new(Tensor, "packed"), new(Tensor, "dst")],
            v => CpuLibrary.ConvolutionFprop(AbiMemory.Handle(v[0]), (void*)v[1], (void*)v[2], (void*)v[3], (void*)AbiMemory.Scratch)),
        new("convolution_dgrad", [new(Handle, "handle"), new(Tensor, "diff_dst"), new(Tensor, "packed"), new(Tensor, "diff_src")],
            v => CpuLibrary.ConvolutionDgrad(AbiMemory.Handle(v[0]), (void*)v[1], (void*)v[2], (void*)v[3], (void*)AbiMemory.Scratch)),
        new("convolution_wgrad", [new(Handle, "handle"), new(Tensor, "src"), new(Tensor, "diff_dst"), new(Tensor, "diff_weights")],
            v => CpuLibrary.ConvolutionWgrad(AbiMemory.Handle(v[0]), (void*)v[1], (void*)v[2], (float*)v[3], (void*)AbiMemory.Scratch)),
    ];

    private static CpuStatus CreateAndDestroy(long geometry, long handle)
    {
        CpuStatus status = CpuLibrary.ConvolutionCreate((CpuConvolutionGeometry*)geometry, (nint*)handle);
        if (status == CpuStatus.Ok)
        {
            CpuLibrary.ConvolutionDestroy(*(nint*)handle).Check();
        }

        return status;
    }
}
