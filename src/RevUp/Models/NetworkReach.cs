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
        return
        [
            .. Enumerable.Range(0, net.Sample.SpatialRank).Select(
                axis => ReceptiveField.Of([.. net.Layers.SelectMany(layer => Steps(layer, axis))])),
        ];
    }

    private static IEnumerable<ReachStep> Steps(Layer layer, int axis) => layer switch
    {
        ConvolutionLayer stem => [Step(stem.Geometry, axis)],
        StridedTransition down => [Step(down.Geometry, axis) with { Skip = down.Skip }],
        TransposedTransition up => [Step(up.Geometry, axis) with { Skip = up.Skip, IsTransposed = true }],
        ResidualBlock block => block.Branch.Convolutions.Select(convolution => Step(convolution.Sample, axis)),
        ChannelPad or ChannelAffine or ChannelMixing or VoxelHead => [],
        _ => throw new NotSupportedException($"'{layer.Name}' is no layer of a U-Net."),
    };

    private static ReachStep Step(ConvolutionGeometry geometry, int axis) =>
        new(geometry.Kernel[axis], geometry.Stride[axis], geometry.Padding[axis]);
}
