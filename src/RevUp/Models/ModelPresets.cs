using RevUp.Backends;
using RevUp.Layers;
using RevUp.Lipschitz;

namespace RevUp.Models;

/// <summary>
/// Named networks. Depth counts convolutions and the classifier, transitions not, as ResNet does; widths of the CIFAR ones follow RevNet (arXiv 1707.04585,
/// table 2), those of the ImageNet ones ResNet (arXiv 1512.03385, table 1).
/// </summary>
public static class ModelPresets
{
    private static readonly SortedDictionary<string, ModelSettings> All = new(StringComparer.Ordinal)
    {
        ["revup-38"] = Cifar(BranchKind.Basic, 6, [32, 64, 112], [32, 64, 112]),
        ["revup-110"] = Cifar(BranchKind.Basic, 18, [32, 64, 128], [32, 64, 128]),
        ["revup-164"] = Cifar(BranchKind.Bottleneck, 18, [128, 256, 512], [32, 64, 128]),
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
    /// <exception cref="ConfigurationException">No preset has this name; the message lists them.</exception>
    public static ModelSettings Get(string name) => All.TryGetValue(name, out ModelSettings? settings)
        ? settings
        : throw new ConfigurationException($"There is no model preset '{name}'; there are {string.Join(", ", Names)}.");

    private static ModelSettings Cifar(BranchKind branch, int blocks, int[] channels, int[] widths) => new()
    {
        Branch = branch,
        Stages = [.. channels.Select((c, i) => Stage(blocks, c, widths[i]))],
    };

    private static ModelSettings ImageNet(int[] blocks) => new()
    {
        Stem = StemKind.ImageNet,
        Branch = BranchKind.Bottleneck,
        TransitionKernel = 2,
        Stages = [.. blocks.Select((n, i) => Stage(n, 256 << i, 64 << i))],
        Lipschitz = new LipschitzSettings { MaximumExtent = 28 },
    };

    private static StageSettings Stage(int blocks, int channels, int width) => new() { Blocks = blocks, Channels = channels, Width = width };
}
