using RevUp.Backends;
using RevUp.Layers;
using RevUp.Reversible;
using RevUp.Tensors;

namespace RevUp.Models;

/// <summary>How far a network's outputs look, from its list of layers.</summary>
internal static class NetworkReach
{
    /// <summary>The receptive field along every axis, outermost first.</summary>
    /// <exception cref="ConfigurationException">
    /// A branch is a program's own, whose receptive field nobody knows.
    /// </exception>
    public static IReadOnlyList<ReceptiveField> Of(RevUpNet net)
    {
        ConfigurationException.Require(
            net.Settings.Branch != BranchKind.Custom,
            $"model.branch is 'custom': RevUp does not know how far such a branch looks, and cannot cut volumes into "
            + $"tiles");
        ReceptiveField field = ReceptiveField.Of([.. net.Layers.SelectMany(Steps)]);
        return [.. Enumerable.Repeat(field, net.Sample.SpatialRank)];
    }

    private static IEnumerable<ReachStep> Steps(Layer layer) => layer switch
    {
        ConvolutionLayer stem => [Step(stem.Geometry)],
        StridedTransition down => [Step(down.Geometry) with { Skip = down.Skip }],
        TransposedTransition up => [Step(up.Geometry) with { Skip = up.Skip, IsTransposed = true }],
        ResidualBlock block => block.Branch.Convolutions.Select(convolution => Step(convolution.Sample)),
        ChannelPad or ChannelAffine or ChannelMixing or VoxelHead => [],
        _ => throw new NotSupportedException($"'{layer.Name}' is no layer of a U-Net."),
    };

    private static ReachStep Step(ConvolutionGeometry geometry) =>
        new(geometry.Kernel, geometry.Stride, geometry.Padding);
}
