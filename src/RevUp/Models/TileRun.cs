namespace RevUp.Models;

/// <summary>A tile along one axis.</summary>
/// <param name="Start">First input of the tile.</param>
/// <param name="First">First output that is taken from it.</param>
/// <param name="End">Behind the last output that is taken from it.</param>
internal readonly record struct TileRun(int Start, int First, int End)
{
    /// <summary>
    /// Tiles of one length that cover an axis: each output is taken from one tile, in which every
    /// input that it depends on lies, or which ends where the axis ends.
    /// </summary>
    /// <param name="extent">Of the axis, a multiple of the alignment.</param>
    /// <param name="length">Of a tile, a multiple of the alignment, at most the extent.</param>
    /// <param name="field">Of the network.</param>
    public static IReadOnlyList<TileRun> Cover(int extent, int length, ReceptiveField field)
    {
        List<TileRun> runs = [];
        for (int first = 0; first < extent;)
        {
            int start = Math.Clamp(first - field.Before, 0, extent - length);
            int end = start + length == extent ? extent : start + length - field.After;
            runs.Add(new TileRun(start, first, end));
            first = end;
        }
        return runs;
    }

    /// <summary>
    /// Lengths worth trying: for each number of tiles the least that does, from one tile to the
    /// most.
    /// </summary>
    /// <param name="extent">Of the axis, a multiple of the alignment.</param>
    /// <param name="field">Of the network.</param>
    public static IReadOnlyList<int> Lengths(int extent, ReceptiveField field)
    {
        List<int> lengths = [extent];
        int halo = field.Before + field.After;
        for (int tiles = 2; lengths[^1] > halo + field.Alignment; tiles++)
        {
            int inner = (extent - halo + tiles - 1) / tiles;
            int length = halo + ReceptiveField.Up(Math.Max(inner, 1), field.Alignment);
            if (length < lengths[^1])
            {
                lengths.Add(length);
            }
        }
        return lengths;
    }
}
