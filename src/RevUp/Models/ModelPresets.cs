using RevUp.Backends;
using RevUp.Layers;
using RevUp.Reversible;
using RevUp.Tensors;

namespace RevUp.Models;

/// <summary>
/// Named networks. Depth counts convolutions and the classifier, transitions not, as ResNet does;
/// widths of the CIFAR ones follow RevNet (arXiv 1707.04585, table 2), widths of the ImageNet ones
/// ResNet (arXiv 1512.03385, table 1). A network that RevUp is compared with has as many parameters
/// as the RevUp of that depth, within 2 %: the same stages without an inverse (resnet: batch
/// normalisation; fixup), couplings of about twice the channels (revnet), branches of i-ResNet
/// (iresnet).
/// </summary>
/// <remarks>
/// RevUp's CIFAR networks have what was measured to cost the least accuracy there
/// (benchmarks/results/accuracy.md): <see cref="LipschitzMode.Adaptive"/> control, leading blocks
/// without a bound, affine maps. The ImageNet and 3-D ones, of which nothing was measured, have a
/// constant bound in every block.
/// </remarks>
public static class ModelPresets
{
    private static readonly ModelSettings s_cifar38 = Cifar(BranchKind.Basic, 6, [32, 64, 112], [32, 64, 112]);
    private static readonly ModelSettings s_cifar110 = Cifar(BranchKind.Basic, 18, [32, 64, 128], [32, 64, 128]);
    private static readonly ModelSettings s_cifar164 = Cifar(BranchKind.Bottleneck, 18, [128, 256, 512], [32, 64, 128]);

    private static readonly SortedDictionary<string, ModelSettings> All = new(StringComparer.Ordinal)
    {
        ["revup-38"] = RevUp(s_cifar38),
        ["revup-110"] = RevUp(s_cifar110),
        ["revup-164"] = RevUp(s_cifar164),
        ["resnet-38"] = ResNet(s_cifar38, Normalization.BatchNorm),
        ["resnet-110"] = ResNet(s_cifar110, Normalization.BatchNorm),
        ["resnet-164"] = ResNet(s_cifar164, Normalization.BatchNorm),
        ["fixup-38"] = ResNet(s_cifar38, Normalization.Fixup),
        ["fixup-110"] = ResNet(s_cifar110, Normalization.Fixup),
        ["fixup-164"] = ResNet(s_cifar164, Normalization.Fixup),
        ["revnet-38"] = RevNet(BranchKind.Basic, 3, [64, 120, 208], [0, 0, 0]),
        ["revnet-110"] = RevNet(BranchKind.Basic, 9, [64, 128, 248], [0, 0, 0]),
        ["revnet-164"] = RevNet(BranchKind.Bottleneck, 9, [160, 336, 672], [32, 64, 128]),
        ["iresnet-37"] = IResNet(4, [32, 64, 88]),
        ["iresnet-109"] = IResNet(12, [32, 64, 104]),
        ["iresnet-163"] = IResNet(18, [32, 64, 76]),
        ["revup-50"] = ImageNet([3, 4, 6, 3]),
        ["revup-101"] = ImageNet([3, 4, 23, 3]),
        ["revup-3d"] = new()
        {
            Activation = Activation.Elu,
            Stages = [Stage(4, 16, 16), Stage(4, 32, 32), Stage(4, 64, 64)],
            Lipschitz = new LipschitzSettings { MaximumExtent = 16 },
        },
    };

    /// <summary>All names, sorted.</summary>
    public static IReadOnlyCollection<string> Names => All.Keys;

    /// <summary>The settings of a preset.</summary>
    /// <exception cref="ConfigurationException">
    /// No preset has this name; the message lists them.
    /// </exception>
    public static ModelSettings Get(string name) => All.TryGetValue(name, out ModelSettings? settings)
        ? settings
        : throw new ConfigurationException($"There is no model preset '{name}'; there are {string.Join(", ", Names)}.");

    private static ModelSettings Cifar(BranchKind branch, int blocks, int[] channels, int[] widths) => new()
    {
        Branch = branch,
        Stages = [.. channels.Select((c, i) => Stage(blocks, c, widths[i]))],
    };

    private static ModelSettings RevUp(ModelSettings settings) =>
        settings with
        {
            Affine = Placement.Block,
            Lipschitz = new LipschitzSettings { Mode = LipschitzMode.Adaptive, FreeLeadingBlocks = true },
        };

    private static ModelSettings ResNet(ModelSettings settings, Normalization normalization) =>
        settings with { Block = BlockKind.Residual, Normalization = normalization };

    private static ModelSettings RevNet(BranchKind branch, int blocks, int[] channels, int[] widths) =>
        Cifar(branch, blocks, channels, widths) with
        {
            Block = BlockKind.Coupling,
            Normalization = Normalization.BatchNorm,
        };

    private static ModelSettings IResNet(int blocks, int[] widths) =>
        Cifar(BranchKind.IResNet, blocks, [16, 64, 256], widths) with
        {
            Normalization = Normalization.None,
            Activation = Activation.Elu,
            Stem = StemKind.Pad,
            Downsampling = Downsampling.Squeeze,
            Lipschitz = new LipschitzSettings { Mode = LipschitzMode.PerLayer, StartIterations = 1 },
        };

    private static ModelSettings ImageNet(int[] blocks) => new()
    {
        Stem = StemKind.ImageNet,
        Branch = BranchKind.Bottleneck,
        TransitionKernel = 2,
        Stages = [.. blocks.Select((n, i) => Stage(n, 256 << i, 64 << i))],
        Lipschitz = new LipschitzSettings { MaximumExtent = 28 },
    };

    private static StageSettings Stage(int blocks, int channels, int width) =>
        new() { Blocks = blocks, Channels = channels, Width = width };
}
