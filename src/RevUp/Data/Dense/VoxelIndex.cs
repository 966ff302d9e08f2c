using RevUp.Tensors;

namespace RevUp.Data.Dense;

/// <summary>
/// Three numbers, one an axis: a position in a case, or the extents of a box. Images have a depth
/// of 1.
/// </summary>
/// <param name="Depth">Along D.</param>
/// <param name="Height">Along H.</param>
/// <param name="Width">Along W, the fastest.</param>
internal readonly record struct VoxelIndex(int Depth, int Height, int Width)
{
    /// <summary>Extents of [1, (D), H, W, C].</summary>
    public static VoxelIndex Of(Shape shape) =>
        new(shape.SpatialRank == 3 ? shape.Extent(0) : 1, shape[shape.Rank - 3], shape[shape.Rank - 2]);

    /// <summary>Number of positions of extents.</summary>
    public long Count => (long)Depth * Height * Width;

    /// <summary>The number along an axis: 0 for D, 1 for H, 2 for W.</summary>
    public int this[int axis] => axis switch { 0 => Depth, 1 => Height, _ => Width };

    /// <summary>A function of each axis.</summary>
    public static VoxelIndex From(Func<int, int> axis) => new(axis(0), axis(1), axis(2));

    /// <summary>The position whose number, row by row, is given.</summary>
    public VoxelIndex Position(long number) =>
        new((int)(number / ((long)Height * Width)), (int)(number / Width % Height), (int)(number % Width));

    /// <summary>[1, (D), H, W, C] of a spatial rank.</summary>
    public Shape ToShape(int spatialRank, int channels) =>
        spatialRank == 3 ? new Shape(1, Depth, Height, Width, channels) : new Shape(1, Height, Width, channels);

    /// <inheritdoc/>
    public override string ToString() => FormattableString.Invariant($"{Depth} × {Height} × {Width}");
}
