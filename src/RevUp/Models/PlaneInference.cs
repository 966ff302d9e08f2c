using RevUp.Tensors;

namespace RevUp.Models;

/// <summary>Labels volumes by networks of volumes, or plane by plane by networks of images.</summary>
internal static class PlaneInference
{
    /// <summary>The label with the largest logit at every position.</summary>
    /// <param name="tiles">Of the network.</param>
    /// <param name="sample">A sample of the network: [1, (D), H, W, C].</param>
    /// <param name="volume">(D)·H·W·C numbers, channels-last, not normalised.</param>
    /// <param name="shape">
    /// [1, (D), H, W, C] with the axes of the sample, or with D before them.
    /// </param>
    /// <param name="truth">(D)·H·W labels; empty for none.</param>
    /// <param name="crossEntropy">Sum over the positions that count.</param>
    /// <returns>(D)·H·W labels.</returns>
    /// <inheritdoc cref="TiledInference.Segment(ReadOnlySpan{float}, Shape)" path="/exception"/>
    public static ushort[] Segment(
        TiledInference tiles, Shape sample, ReadOnlySpan<float> volume, Shape shape, ReadOnlyMemory<ushort> truth,
        out double crossEntropy)
    {
        if (shape.SpatialRank == sample.SpatialRank)
        {
            return tiles.Segment(volume, shape, truth, out crossEntropy);
        }
        Shape plane = new(1, shape.Extent(1), shape.Extent(2), shape.Channels);
        (int values, int positions) = ((int)plane.Count, (int)plane.Positions);
        ushort[] labels = new ushort[shape.Positions];
        crossEntropy = 0;
        for (int depth = 0; depth < shape.Extent(0); depth++)
        {
            ReadOnlyMemory<ushort> own = truth.IsEmpty ? truth : truth.Slice(depth * positions, positions);
            tiles.Segment(volume.Slice(depth * values, values), plane, own, out double sum)
                .CopyTo(labels.AsSpan(depth * positions));
            crossEntropy += sum;
        }
        return labels;
    }
}
