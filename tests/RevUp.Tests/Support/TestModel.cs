namespace RevUp.Tests.Support;

/// <summary>
/// Small networks that together use every layer, both forms of branches and both kinds of control,
/// in 2-D and 3-D.
/// </summary>
/// <param name="Settings">The network.</param>
/// <param name="Sample">Shape of one sample.</param>
internal sealed record TestModel(ModelSettings Settings, Shape Sample)
{
    /// <summary>
    /// Zero-padded stem, squeeze, basic branches, ReLU: everything but the head is invertible.
    /// </summary>
    public const string Squeeze = "squeeze";

    /// <summary>Convolution stem, strided transition, basic branches, ELU.</summary>
    public const string Strided = "strided";

    /// <summary>Convolution stem, squeeze, grouped bottlenecks.</summary>
    public const string Bottleneck = "bottleneck";

    /// <summary>ImageNet stem with max-pool, 2×2 strided transition, bottlenecks.</summary>
    public const string ImageNet = "imagenet";

    /// <summary>
    /// Volumes: zero-padded stem, squeeze, basic branches, ELU, every layer bounded.
    /// </summary>
    public const string Volume = "volume";

    /// <summary>Volumes: convolution stem, strided transition, bottlenecks.</summary>
    public const string StridedVolume = "strided volume";

    /// <summary>
    /// One stage of basic branches behind a convolution stem, for networks of any depth.
    /// </summary>
    public const string Chain = "chain";

    /// <summary>The same with a Lipschitz coefficient of each block's own.</summary>
    public const string Adaptive = "adaptive";

    /// <summary>Pre-activation ResNet with batch normalisation.</summary>
    public const string ResNet = "resnet";

    /// <summary>The same with Fixup.</summary>
    public const string FixupResNet = "fixup resnet";

    /// <summary>Additive couplings with batch normalisation, strided transition.</summary>
    public const string RevNet = "revnet";

    /// <summary>Volumes: couplings of bottlenecks with batch normalisation, squeeze.</summary>
    public const string RevNetVolume = "revnet volume";

    /// <summary>Additive couplings with Fixup, ELU.</summary>
    public const string FixupRevNet = "fixup revnet";

    /// <summary>i-ResNet: its form of branch, biases per channel, every layer bounded.</summary>
    public const string IResNet = "i-resnet";

    /// <summary>Convolution stem, squeeze, basic branches, MaxMin.</summary>
    public const string MaxMin = "maxmin";

    /// <summary>
    /// Volumes: i-ResNet's branches, every layer bounded, biases per channel, MaxMin.
    /// </summary>
    public const string MaxMinVolume = "maxmin volume";

    /// <summary>
    /// Zero-padded stem, squeeze, an affine map of the channels before every block.
    /// </summary>
    public const string Affine = "affine";

    /// <summary>
    /// Volumes: convolution stem, strided transition, couplings, an affine map of the channels
    /// before every stage.
    /// </summary>
    public const string AffineVolume = "affine volume";

    /// <summary>Zero-padded stem, squeeze, a rotation of the channels before every block.</summary>
    public const string Mixing = "mixing";

    /// <summary>
    /// Volumes: convolution stem, strided transition, affine map and rotation of the channels
    /// before every stage.
    /// </summary>
    public const string MixingVolume = "mixing volume";

    /// <summary>
    /// Convolution stem, strided transition, affine maps; the first block of every stage without a
    /// bound.
    /// </summary>
    public const string Leading = "leading";

    /// <summary>
    /// Volumes: ImageNet's stem, squeeze, bottlenecks; the first block alone without a bound.
    /// </summary>
    public const string LeadingVolume = "leading volume";

    /// <summary>Answers are means over an image and its mirror image.</summary>
    public const string Mirrored = "mirrored";

    /// <summary>The same of volumes.</summary>
    public const string MirroredVolume = "mirrored volume";

    /// <summary>Whitened stem, at once behind it a transition with a max-pool.</summary>
    public const string Pooled = "pooled";

    /// <summary>
    /// The same with affine maps; the first block of every stage without a bound.
    /// </summary>
    public const string LeadingPooled = "leading pooled";

    /// <summary>Volumes: convolution stem, a transition with a max-pool, bottlenecks.</summary>
    public const string PooledVolume = "pooled volume";

    public const int Classes = 3;

    private static readonly Dictionary<string, TestModel> s_all = new()
    {
        [Squeeze] = new(
            new()
            {
                Stem = StemKind.Pad,
                Downsampling = Downsampling.Squeeze,
                Stages = [Stage(2, 6, 5), Stage(2, 26, 8)],
            },
            new(1, 8, 8, 3)),
        [Strided] =
            new(new() { Activation = Activation.Elu, Stages = [Stage(2, 6, 5), Stage(2, 10, 7)] }, new(1, 9, 7, 3)),
        [Bottleneck] = new(
            new()
            {
                Branch = BranchKind.Bottleneck,
                Groups = 2,
                Downsampling = Downsampling.Squeeze,
                Stages = [Stage(2, 8, 4), Stage(2, 32, 8)],
            },
            new(1, 8, 8, 3)),
        [ImageNet] = new(
            new()
            {
                Stem = StemKind.ImageNet,
                Branch = BranchKind.Bottleneck,
                TransitionKernel = 2,
                Stages = [Stage(1, 66, 8), Stage(2, 24, 8)],
            },
            new(1, 17, 16, 3)),
        [Volume] = new(
            new()
            {
                Stem = StemKind.Pad,
                Activation = Activation.Elu,
                Downsampling = Downsampling.Squeeze,
                Stages = [Stage(2, 3, 4), Stage(2, 24, 6)],
                Lipschitz = new LipschitzSettings { Mode = LipschitzMode.PerLayer },
            },
            new(1, 4, 6, 4, 2)),
        [StridedVolume] = new(
            new() { Branch = BranchKind.Bottleneck, Stages = [Stage(2, 6, 4), Stage(2, 8, 4)] }, new(1, 5, 4, 6, 1)),
        [ResNet] = new(
            new()
            {
                Block = BlockKind.Residual,
                Normalization = Normalization.BatchNorm,
                Stages = [Stage(2, 6, 5), Stage(2, 10, 7)],
            },
            new(1, 9, 7, 3)),
        [FixupResNet] =
            new(new() { Block = BlockKind.Residual, Stages = [Stage(2, 6, 5), Stage(2, 10, 7)] }, new(1, 9, 7, 3)),
        [RevNet] = new(
            new()
            {
                Block = BlockKind.Coupling,
                Normalization = Normalization.BatchNorm,
                Stages = [Stage(2, 8, 5), Stage(2, 12, 7)],
            },
            new(1, 8, 8, 3)),
        [RevNetVolume] = new(
            new()
            {
                Block = BlockKind.Coupling,
                Normalization = Normalization.BatchNorm,
                Branch = BranchKind.Bottleneck,
                Downsampling = Downsampling.Squeeze,
                Stages = [Stage(2, 6, 4), Stage(2, 48, 6)],
            },
            new(1, 4, 4, 4, 2)),
        [FixupRevNet] = new(
            new()
            {
                Block = BlockKind.Coupling,
                Activation = Activation.Elu,
                Stages = [Stage(2, 8, 5), Stage(2, 12, 7)],
            },
            new(1, 8, 8, 3)),
        [IResNet] = new(
            new()
            {
                Normalization = Normalization.None,
                Branch = BranchKind.IResNet,
                Activation = Activation.Elu,
                Stem = StemKind.Pad,
                Downsampling = Downsampling.Squeeze,
                Stages = [Stage(2, 6, 5), Stage(2, 24, 8)],
                Lipschitz = new LipschitzSettings { Mode = LipschitzMode.PerLayer },
            },
            new(1, 8, 8, 3)),
        [MaxMin] = new(
            new()
            {
                Activation = Activation.MaxMin,
                Downsampling = Downsampling.Squeeze,
                Stages = [Stage(2, 6, 4), Stage(2, 24, 8)],
            },
            new(1, 8, 8, 3)),
        [MaxMinVolume] = new(
            new()
            {
                Normalization = Normalization.None,
                Branch = BranchKind.IResNet,
                Activation = Activation.MaxMin,
                Stem = StemKind.Pad,
                Stages = [Stage(2, 6, 4), Stage(2, 8, 6)],
                Lipschitz = new LipschitzSettings { Mode = LipschitzMode.PerLayer },
            },
            new(1, 5, 4, 6, 1)),
        [Affine] = new(
            new()
            {
                Affine = Placement.Block,
                Stem = StemKind.Pad,
                Downsampling = Downsampling.Squeeze,
                Stages = [Stage(2, 6, 5), Stage(2, 26, 8)],
            },
            new(1, 8, 8, 3)),
        [AffineVolume] = new(
            new()
            {
                Affine = Placement.Stage,
                Block = BlockKind.Coupling,
                Activation = Activation.Elu,
                Stages = [Stage(2, 8, 4), Stage(2, 12, 4)],
            },
            new(1, 4, 4, 4, 1)),
        [Mixing] = new(
            new()
            {
                Mixing = Placement.Block,
                Stem = StemKind.Pad,
                Downsampling = Downsampling.Squeeze,
                Stages = [Stage(2, 6, 5), Stage(2, 26, 8)],
            },
            new(1, 8, 8, 3)),
        [MixingVolume] = new(
            new()
            {
                Affine = Placement.Stage,
                Mixing = Placement.Stage,
                Activation = Activation.Elu,
                Stages = [Stage(2, 7, 4), Stage(2, 9, 4)],
            },
            new(1, 5, 4, 6, 1)),
        [Leading] = new(
            new()
            {
                Affine = Placement.Block,
                Stages = [Stage(3, 6, 5), Stage(2, 10, 7)],
                Lipschitz = new LipschitzSettings { FreeLeadingBlocks = true },
            },
            new(1, 9, 7, 3)),
        [Pooled] = new(
            new()
            {
                Stem = StemKind.Whitened,
                Downsampling = Downsampling.Pooled,
                Stages = [Stage(0, 6, 0), Stage(2, 10, 7), Stage(2, 12, 6)],
            },
            new(1, 9, 7, 3)),
        [LeadingPooled] = new(
            new()
            {
                Stem = StemKind.Whitened,
                Downsampling = Downsampling.Pooled,
                Affine = Placement.Block,
                Stages = [Stage(0, 6, 0), Stage(2, 10, 7), Stage(2, 12, 6)],
                Lipschitz = new LipschitzSettings { FreeLeadingBlocks = true },
            },
            new(1, 9, 7, 3)),
        [PooledVolume] = new(
            new()
            {
                Branch = BranchKind.Bottleneck,
                Downsampling = Downsampling.Pooled,
                Stages = [Stage(2, 6, 4), Stage(2, 8, 4)],
            },
            new(1, 5, 4, 6, 1)),
        [Mirrored] = new(
            new() { TestTimeFlip = true, Stages = [Stage(1, 6, 5), Stage(1, 10, 7)] }, new(1, 9, 7, 3)),
        [MirroredVolume] = new(new() { TestTimeFlip = true, Stages = [Stage(1, 6, 5)] }, new(1, 5, 4, 6, 2)),
        [LeadingVolume] = new(
            new()
            {
                Stem = StemKind.ImageNet,
                Downsampling = Downsampling.Squeeze,
                Branch = BranchKind.Bottleneck,
                Stages = [Stage(2, 66, 4), Stage(2, 528, 4)],
                Lipschitz = new LipschitzSettings { FreeLeadingBlocks = true },
            },
            new(1, 8, 8, 8, 2)),
        [Adaptive] = new(
            new()
            {
                Stages = [Stage(3, 6, 5)],
                Lipschitz = new LipschitzSettings { Mode = LipschitzMode.Adaptive, TargetEvaluations = 6 },
            },
            new(1, 8, 8, 3)),
        [Chain] = new(new() { Stages = [Stage(3, 6, 5)] }, new(1, 8, 8, 3)),
    };

    public static TestModel Get(string name) => s_all[name];

    private static StageSettings Stage(int blocks, int channels, int width) =>
        new() { Blocks = blocks, Channels = channels, Width = width };
}
