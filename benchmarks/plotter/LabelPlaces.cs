namespace Plotter;

/// <summary>Where labels stand so that none covers another.</summary>
internal static class LabelPlaces
{
    /// <summary>
    /// The wanted places, moved as little as an order from below to above needs that keeps
    /// <paramref name="gap"/> between neighbours.
    /// </summary>
    /// <param name="wanted">Places between 0 and <paramref name="top"/>.</param>
    /// <param name="gap">The least distance.</param>
    /// <param name="top">The last place.</param>
    public static double[] Spread(double[] wanted, double gap, double top)
    {
        int[] order = [.. Enumerable.Range(0, wanted.Length).OrderBy(i => wanted[i])];
        double[] places = [.. wanted];
        for (int i = 0; i < order.Length; i++)
        {
            double least = i == 0 ? gap / 2 : places[order[i - 1]] + gap;
            places[order[i]] = Math.Max(places[order[i]], least);
        }
        // A label that was pushed over the top pushes the others back.
        double most = top - (gap / 2);
        for (int i = order.Length - 1; i >= 0; i--, most = places[order[i + 1]] - gap)
        {
            places[order[i]] = Math.Min(places[order[i]], most);
        }
        return places;
    }
}
