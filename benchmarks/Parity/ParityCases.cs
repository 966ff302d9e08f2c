using RevUp.Backends;
using RevUp.Data;
using RevUp.Models;
using RevUp.Recipes;
using RevUp.Reversible;
using RevUp.Tensors;
using RevUp.Training;

namespace RevUp.Benchmarks.Parity;

/// <summary>
/// Small networks that together use every layer, form of branch, kind of control, policy and branch
/// type, in 2-D and 3-D, with a step each: what a twin in another framework has to agree on.
/// </summary>
internal static class ParityCases
{
    /// <summary>
    /// All cases, as recipes on synthetic data; the name says what is particular.
    /// </summary>
    public static IReadOnlyList<Recipe> All { get; } =
    [
        Case("basic-store", Basic, MemoryPolicy.Store, [9, 7]),
        Case("basic-invert", Basic, MemoryPolicy.Invert, [9, 7]),
        Case("basic-anchors", Basic with { Stages = [Stage(5, 6, 5)] }, MemoryPolicy.Invert, [8, 8], anchorEvery: 2),
        Case(
            "basic-unconstrained", Basic with { Lipschitz = new() { Mode = LipschitzMode.None } },
            MemoryPolicy.Checkpoint, [9, 7]),
        Case("basic-affine", Basic with { Affine = Placement.Block }, MemoryPolicy.Invert, [9, 7]),
        Case("basic-leading-free", LeadingFree, MemoryPolicy.Invert, [9, 7]),
        Case(
            "basic-per-layer", Basic with { Activation = Activation.Relu, Lipschitz = PerLayer }, MemoryPolicy.Invert,
            [9, 7]),
        Case("squeeze-pad", Squeezed, MemoryPolicy.Invert, [8, 8]),
        Case("bottleneck-grouped", Grouped, MemoryPolicy.Invert, [8, 8]),
        Case(
            "bottleneck-strided-stem", Grouped with { StemStride = 2, Downsampling = Downsampling.Strided },
            MemoryPolicy.Store, [12, 9]),
        Case("imagenet", ImageNet, MemoryPolicy.Store, [33, 32]),
        Case("imagenet-invert", ImageNet, MemoryPolicy.Invert, [33, 32]),
        Case("volume-squeeze", Volume, MemoryPolicy.Invert, [4, 6, 4], channels: 2),
        Case(
            "volume-strided", Grouped with { Groups = 1, Downsampling = Downsampling.Strided }, MemoryPolicy.Invert,
            [5, 4, 6], channels: 1),
        Case("basic-bfloat16", Basic with { Precision = BranchPrecision.BFloat16 }, MemoryPolicy.Store, [9, 7]),
        Case("bottleneck-bfloat16", Grouped with { Precision = BranchPrecision.BFloat16 }, MemoryPolicy.Invert, [8, 8]),
    ];

    private static LipschitzSettings PerLayer =>
        new() { Mode = LipschitzMode.PerLayer, Coefficient = 0.8, StartSteps = 0, MaximumExtent = 6 };

    private static ModelSettings Basic =>
        new() { Activation = Activation.Elu, Stages = [Stage(2, 6, 5), Stage(2, 10, 7)] };

    // Three blocks, so that what the inversion of one hands on is inverted again.
    private static ModelSettings LeadingFree =>
        Basic with { Stages = [Stage(3, 6, 5), Stage(3, 10, 7)], Lipschitz = new() { FreeLeadingBlocks = true } };

    private static ModelSettings Squeezed => new()
    {
        Stem = StemKind.Pad,
        Downsampling = Downsampling.Squeeze,
        Stages = [Stage(2, 6, 5), Stage(2, 26, 8)],
    };

    private static ModelSettings Grouped => new()
    {
        Branch = BranchKind.Bottleneck,
        Groups = 2,
        Downsampling = Downsampling.Squeeze,
        Stages = [Stage(2, 8, 4), Stage(2, 64, 8)],
    };

    private static ModelSettings ImageNet => new()
    {
        Stem = StemKind.ImageNet,
        Branch = BranchKind.Bottleneck,
        TransitionKernel = 2,
        Stages = [Stage(2, 66, 8), Stage(2, 24, 8)],
    };

    private static ModelSettings Volume => new()
    {
        Stem = StemKind.Pad,
        Activation = Activation.Elu,
        Downsampling = Downsampling.Squeeze,
        Stages = [Stage(2, 3, 4), Stage(2, 24, 6)],
        Lipschitz = PerLayer,
    };

    private static Recipe Case(
        string name, ModelSettings model, MemoryPolicy policy, int[] extents, int channels = 3, int anchorEvery = 0) =>
        new()
        {
            Name = name,
            Data = new DataSettings
            {
                Dataset = DatasetKind.Synthetic,
                Extents = extents,
                Channels = channels,
                Classes = 5,
            },
            Model = model,
            // The rule that leaves several evaluations per block, and is far from where it would
            // stop one earlier or later.
            Reversible = new ReversibleSettings
            {
                Policies = new() { Policy = policy, AnchorEvery = anchorEvery },
                Inversion = new() { Tolerance = 1e-3 },
            },
            Training = new TrainingSettings
            {
                BatchSize = 6,
                ClipNorm = policy == MemoryPolicy.Checkpoint ? 0.5 : 0,
                Optimizer = new OptimizerSettings { LearningRate = 0.05, Nesterov = policy == MemoryPolicy.Store },
            },
        };

    private static StageSettings Stage(int blocks, int channels, int width) =>
        new() { Blocks = blocks, Channels = channels, Width = width };
}
