using RevUp.Tensors;

namespace RevUp.Models;

/// <summary>
/// Tiles of one shape that a network without normalisation takes instead of a whole volume or
/// picture, with the same numbers at every position.
/// </summary>
/// <remarks>
/// Tiles start at multiples of the network's strides, and an output is taken from a tile only where
/// its receptive field ends inside the tile, or the tile ends where the volume does. Zeros that
/// convolutions pad a tile with reach no other output.
/// </remarks>
internal sealed class TilePlan
{
    // Slabs of a tile: few, because each has some planes beside it in memory.
    private const int Slabs = 8;

    private readonly IReadOnlyList<TileRun>[] _runs;

    private TilePlan(Shape tile, IReadOnlyList<TileRun>[] runs) => (Tile, _runs) = (tile, runs);

    /// <summary>Shape of a tile: [1, (D), H, W, C].</summary>
    public Shape Tile { get; }

    /// <summary>
    /// Planes of a slab, where layers take a tile slab by slab; 0 where they take it whole.
    /// </summary>
    public int Slab { get; private init; }

    /// <summary>Number of tiles.</summary>
    public long Count => _runs.Aggregate(1L, (product, runs) => product * runs.Count);

    /// <summary>Positions that all tiles together compute.</summary>
    public long Positions => Count * Tile.Positions;

    /// <summary>The same tiles, of which layers take a slab at a time.</summary>
    public TilePlan InSlabs() => new(Tile, _runs) { Slab = Math.Max(1, Tile.Extent(0) / Slabs) };

    /// <summary>The tiles, each with a run for every axis, outermost axis first.</summary>
    public IEnumerable<TileRun[]> Tiles
    {
        get
        {
            for (long number = 0; number < Count; number++)
            {
                TileRun[] tile = new TileRun[_runs.Length];
                long rest = number;
                for (int axis = _runs.Length - 1; axis >= 0; axis--)
                {
                    tile[axis] = _runs[axis][(int)(rest % _runs[axis].Count)];
                    rest /= _runs[axis].Count;
                }
                yield return tile;
            }
        }
    }

    /// <summary>
    /// Plans of a volume, from the one with the fewest positions to compute to the one with the
    /// smallest tiles; a plan with tiles as large as an earlier one's is left out.
    /// </summary>
    /// <param name="volume">[1, (D), H, W, C]; its extents are multiples of the alignments.</param>
    /// <param name="fields">Of the network, for every axis.</param>
    public static IEnumerable<TilePlan> Candidates(Shape volume, IReadOnlyList<ReceptiveField> fields)
    {
        IEnumerable<int[]> tiles = [[]];
        for (int i = 0; i < volume.SpatialRank; i++)
        {
            int axis = i;
            IReadOnlyList<int> lengths = TileRun.Lengths(volume.Extent(axis), fields[axis]);
            tiles = [.. tiles.SelectMany(tile => lengths, (tile, length) => (int[])[.. tile, length])];
        }
        long least = long.MaxValue;
        foreach (TilePlan plan in tiles.Select(Plan).OrderBy(plan => plan.Positions).ThenBy(plan => plan.Tile.Count))
        {
            if (plan.Tile.Count < least)
            {
                least = plan.Tile.Count;
                yield return plan;
            }
        }

        TilePlan Plan(int[] lengths) => new(
            new Shape([1, .. lengths, volume.Channels]),
            [.. lengths.Select((length, axis) => TileRun.Cover(volume.Extent(axis), length, fields[axis]))]);
    }
}
