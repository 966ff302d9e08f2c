using RevUp.Interop.Cuda;
using RevUp.Tensors;

namespace RevUp.Backends.Cuda;

/// <summary>Every kernel of native/cuda, looked up once. A suffix is a storage type; variants are indexed by their types in the order of the name.</summary>
internal sealed class KernelTable
{
    private static readonly string[] s_suffixes = ["f32", "bf16"];

    private readonly CudaFunction[] _preactivationForward;
    private readonly CudaFunction[] _preactivationBackward;
    private readonly CudaFunction[] _batchNormMoments;
    private readonly CudaFunction[] _batchNormForward;
    private readonly CudaFunction[] _batchNormGradientSums;
    private readonly CudaFunction[] _batchNormBackward;
    private readonly CudaFunction[] _residualAdd;
    private readonly CudaFunction[] _fixedPointStep;
    private readonly CudaFunction[] _quantizeRange;
    private readonly CudaFunction[] _quantizeEncode;
    private readonly CudaFunction[] _quantizeRetrace;

    /// <param name="find">Finds a kernel by name.</param>
    public KernelTable(Func<string, CudaFunction> find)
    {
        Fill = find("fill_f32");
        CastToBFloat16 = find("cast_f32_bf16");
        CastToFloat32 = find("cast_bf16_f32");
        Scale = find("scale_f32");
        ScaleToBFloat16 = find("scale_f32_bf16");
        _preactivationForward = [.. Names("preactivation_forward", 2).Select(find)];
        _preactivationBackward = [.. Names("preactivation_backward", 3).Select(find)];
        _batchNormMoments = [.. Names("batch_norm_moments", 1).Select(find)];
        BatchNormStatistics = find("batch_norm_statistics");
        _batchNormForward = [.. Names("batch_norm_forward", 2).Select(find)];
        _batchNormGradientSums = [.. Names("batch_norm_gradient_sums", 2).Select(find)];
        BatchNormGradients = find("batch_norm_gradients");
        _batchNormBackward = [.. Names("batch_norm_backward", 3).Select(find)];
        _residualAdd = [.. Names("residual_add", 1).Select(find)];
        _fixedPointStep = [.. Names("fixed_point_step", 1).Select(find)];
        QuantizeBegin = find("quantize_begin");
        _quantizeRange = [.. Names("quantize_range", 1).Select(find)];
        _quantizeEncode = [find("quantize_encode_4"), find("quantize_encode_8")];
        _quantizeRetrace = [find("quantize_retrace_4"), find("quantize_retrace_8")];
        Axpy = find("axpy");
        Dot = find("dot");
        NormalizeAll = find("normalize_all");
        BranchScale = find("branch_scale");
        BranchScaleBackward = find("branch_scale_backward");
        AffineFactors = find("affine_factors");
        AffineFactorsBackward = find("affine_factors_backward");
        ChannelRotationsBegin = find("channel_rotations_begin");
        ChannelRotationsForward = find("channel_rotations_forward");
        ChannelRotationsBackward = find("channel_rotations_backward");
        Squeeze = find("squeeze");
        Unsqueeze = find("unsqueeze");
        ResizeChannels = find("resize_channels");
        SplitChannels = find("split_channels");
        MergeChannels = find("merge_channels");
        GlobalAveragePoolForward = find("global_average_pool_forward");
        GlobalAveragePoolBackward = find("global_average_pool_backward");
        MaxPoolForward = find("max_pool_forward");
        MaxPoolBackward = find("max_pool_backward");
        LinearBiasAdd = find("linear_bias_add");
        ColumnSumsAdd = find("column_sums_add");
        CrossEntropy = find("cross_entropy");
        StepVerdict = find("step_verdict");
        Sgd = find("sgd");
        AdamW = find("adamw");
    }

    public CudaFunction Fill { get; }

    public CudaFunction CastToBFloat16 { get; }

    public CudaFunction CastToFloat32 { get; }

    public CudaFunction Scale { get; }

    public CudaFunction ScaleToBFloat16 { get; }

    public CudaFunction BatchNormStatistics { get; }

    public CudaFunction BatchNormGradients { get; }

    public CudaFunction QuantizeBegin { get; }

    public CudaFunction Axpy { get; }

    public CudaFunction Dot { get; }

    public CudaFunction NormalizeAll { get; }

    public CudaFunction BranchScale { get; }

    public CudaFunction BranchScaleBackward { get; }

    public CudaFunction AffineFactors { get; }

    public CudaFunction AffineFactorsBackward { get; }

    public CudaFunction ChannelRotationsBegin { get; }

    public CudaFunction ChannelRotationsForward { get; }

    public CudaFunction ChannelRotationsBackward { get; }

    public CudaFunction Squeeze { get; }

    public CudaFunction Unsqueeze { get; }

    public CudaFunction ResizeChannels { get; }

    public CudaFunction SplitChannels { get; }

    public CudaFunction MergeChannels { get; }

    public CudaFunction GlobalAveragePoolForward { get; }

    public CudaFunction GlobalAveragePoolBackward { get; }

    public CudaFunction MaxPoolForward { get; }

    public CudaFunction MaxPoolBackward { get; }

    public CudaFunction LinearBiasAdd { get; }

    public CudaFunction ColumnSumsAdd { get; }

    public CudaFunction CrossEntropy { get; }

    public CudaFunction StepVerdict { get; }

    public CudaFunction Sgd { get; }

    public CudaFunction AdamW { get; }

    public CudaFunction PreactivationForward(ElementType x, ElementType y) => _preactivationForward[Index(x, y)];

    public CudaFunction PreactivationBackward(ElementType x, ElementType dy, ElementType dx) => _preactivationBackward[2 * Index(x, dy) + Index(dx)];

    public CudaFunction BatchNormMoments(ElementType x) => _batchNormMoments[Index(x)];

    public CudaFunction BatchNormForward(ElementType x, ElementType y) => _batchNormForward[Index(x, y)];

    public CudaFunction BatchNormGradientSums(ElementType x, ElementType dy) => _batchNormGradientSums[Index(x, dy)];

    public CudaFunction BatchNormBackward(ElementType x, ElementType dy, ElementType dx) => _batchNormBackward[2 * Index(x, dy) + Index(dx)];

    public CudaFunction ResidualAdd(ElementType z) => _residualAdd[Index(z)];

    public CudaFunction FixedPointStep(ElementType z) => _fixedPointStep[Index(z)];

    public CudaFunction QuantizeRange(ElementType z) => _quantizeRange[Index(z)];

    public CudaFunction QuantizeEncode(int bits) => _quantizeEncode[Index(bits)];

    public CudaFunction QuantizeRetrace(int bits) => _quantizeRetrace[Index(bits)];

    /// <summary>The names of an operation's variants; the last type varies fastest.</summary>
    private static IEnumerable<string> Names(string operation, int types) =>
        types == 0 ? [operation] : Names(operation, types - 1).SelectMany(name => s_suffixes.Select(suffix => $"{name}_{suffix}"));

    private static int Index(ElementType type) => type switch
    {
        ElementType.Float32 => 0,
        ElementType.BFloat16 => 1,
        _ => throw new ArgumentException($"There is no kernel for tensors of {type}; use {ElementType.Float32} or {ElementType.BFloat16}."),
    };

    private static int Index(int bits) => bits switch
    {
        4 => 0,
        8 => 1,
        _ => throw new ArgumentException($"There is no kernel for codes of {bits} bits; use 4 or 8."),
    };

    private static int Index(ElementType first, ElementType second) => 2 * Index(first) + Index(second);
}
