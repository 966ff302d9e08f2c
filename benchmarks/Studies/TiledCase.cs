using RevUp.Models;
using RevUp.Tensors;

namespace RevUp.Benchmarks.Studies;

/// <summary>Logits of one case, computed whole and in tiles.</summary>
/// <param name="Shape">[1, (D), H, W, C].</param>
/// <param name="Truth">True labels, one a position.</param>
/// <param name="Plan">The tiles.</param>
/// <param name="Whole">Logits of the whole, [positions, classes].</param>
/// <param name="Tiled">Logits of the tiles.</param>
internal sealed record TiledCase(Shape Shape, ushort[] Truth, TilePlan Plan, float[] Whole, float[] Tiled)
{
    /// <summary>Number of classes.</summary>
    public int Classes { get; } = Whole.Length / Truth.Length;

    /// <summary>Labels of the whole.</summary>
    public int[] WholeLabels => Largest(Whole);

    /// <summary>Labels of the tiles.</summary>
    public int[] TiledLabels => Largest(Tiled);

    /// <summary>
    /// The largest difference of each position's logits, in parts of the range of the whole's.
    /// </summary>
    public double[] Differences
    {
        get
        {
            double range = (double)Whole.Max() - Whole.Min();
            return [.. Whole.Zip(Tiled, (whole, tiled) => Math.Abs((double)whole - tiled) / range)
                .Chunk(Classes).Select(position => position.Max())];
        }
    }

    /// <summary>Mean Dice of the classes but the first, of those that are there.</summary>
    public double Dice(int[] labels) => Enumerable.Range(1, Classes - 1)
        .Select(k => (
            Both: labels.Zip(Truth).LongCount(pair => pair.First == k && pair.Second == k),
            Sum: labels.LongCount(label => label == k) + Truth.LongCount(label => label == k)))
        .Where(overlap => overlap.Sum > 0)
        .Average(overlap => 2.0 * overlap.Both / overlap.Sum);

    private int[] Largest(float[] logits) => [.. logits.Chunk(Classes).Select(row => Array.IndexOf(row, row.Max()))];
}
