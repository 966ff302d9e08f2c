namespace RevUp.Planning;

/// <summary>
/// Chooses an option for every layer of a chain: the least time under a limit of the peak, or the
/// least peak. Exact, by dynamic programming over the layers with Pareto sets of (bytes kept so
/// far, cost so far).
/// </summary>
/// <remarks>
/// The peak of a step is the largest, over layers i, of K(i) + W(i): the bytes that the layers
/// before i have kept, and those that i works with in its forward or its backward pass, when the
/// layers behind it keep nothing yet or nothing any more, or in a recomputation for one of those.
/// Gradients of skip connections, which wait for the backward pass of a layer before i, are among
/// what i works with: no choice changes them.
/// Which completions a partial choice for layers 0 … i − 1 has, and what they add, depends on that
/// choice only through K(i) and whether a compressed stream is live: time adds up, the peak is a
/// maximum, and both a limit met and a peak reached stay so when K(i) falls. So of two partial
/// choices with the same stream, one that keeps no more and costs no more can take the other's
/// place in any completion, and dropping the other drops no optimum. Sets stay small because K(i)
/// takes few values where layers repeat: with n equal blocks and three policies O(n²), and never
/// more than there are multiples of the arena's alignment under the limit.
/// </remarks>
internal static class PlanSearch
{
    private delegate double Extend(double cost, long moment, in LayerOption option);

    /// <summary>
    /// The plan of the least time whose peak is at most <paramref name="limit"/> bytes; null when
    /// there is none.
    /// </summary>
    public static ChainPlan? Fastest(IReadOnlyList<IReadOnlyList<LayerOption>> layers, long limit) =>
        Search(layers, limit, (double cost, long _, in LayerOption option) => cost + option.Milliseconds);

    /// <summary>A plan of the least peak, whatever its time.</summary>
    public static ChainPlan Leanest(IReadOnlyList<IReadOnlyList<LayerOption>> layers) =>
        // A count of bytes is exact in a double.
        Search(layers, long.MaxValue, (double cost, long moment, in LayerOption _) => Math.Max(cost, moment))
        ?? throw new ArgumentException("No options of these layers fit behind each other.");

    private static ChainPlan? Search(IReadOnlyList<IReadOnlyList<LayerOption>> layers, long limit, Extend extend)
    {
        Frontiers[] reached = new Frontiers[layers.Count + 1];
        reached[0] = new Frontiers([new Partial(0, 0, default, default)], []);
        for (int i = 0; i < layers.Count; i++)
        {
            List<Partial> plain = [], streaming = [];
            for (int choice = 0; choice < layers[i].Count; choice++)
            {
                LayerOption option = layers[i][choice];
                Partial[] before = reached[i].Of(option.FromStream);
                for (int parent = 0; parent < before.Length; parent++)
                {
                    (long kept, double cost) = (before[parent].Kept, before[parent].Cost);
                    long moment = kept + option.MostBytes;
                    if (moment <= limit)
                    {
                        Partial next = new(kept + option.KeptBytes, extend(cost, moment, option), choice, parent);
                        (option.ToStream ? streaming : plain).Add(next);
                    }
                }
            }
            reached[i + 1] = new Frontiers(Undominated(plain), Undominated(streaming));
        }
        // A step ends without a stream. Of the undominated the last is the cheapest.
        return reached[^1].Plain.Length == 0 ? null : Trace(layers, reached);
    }

    private static Partial[] Undominated(List<Partial> partials)
    {
        partials.Sort((a, b) => a.Kept != b.Kept ? a.Kept.CompareTo(b.Kept) : a.Cost.CompareTo(b.Cost));
        List<Partial> kept = [];
        foreach (Partial partial in partials)
        {
            if (kept.Count == 0 || partial.Cost < kept[^1].Cost)
            {
                kept.Add(partial);
            }
        }
        return [.. kept];
    }

    private static ChainPlan Trace(IReadOnlyList<IReadOnlyList<LayerOption>> layers, Frontiers[] reached)
    {
        LayerOption[] options = new LayerOption[layers.Count];
        (bool streaming, int index) = (false, reached[^1].Plain.Length - 1);
        for (int i = layers.Count - 1; i >= 0; i--)
        {
            Partial partial = reached[i + 1].Of(streaming)[index];
            options[i] = layers[i][partial.Choice];
            (streaming, index) = (options[i].FromStream, partial.Parent);
        }
        return ChainPlan.Of(options);
    }

    /// <summary>
    /// Undominated choices for the first layers, by rising bytes and falling cost.
    /// </summary>
    /// <param name="Plain">Those that leave no stream live.</param>
    /// <param name="Streaming">Those that leave one.</param>
    private readonly record struct Frontiers(Partial[] Plain, Partial[] Streaming)
    {
        public Partial[] Of(bool streaming) => streaming ? Streaming : Plain;
    }

    /// <summary>A choice for the first layers.</summary>
    /// <param name="Kept">Bytes that they keep.</param>
    /// <param name="Cost">Time, or peak.</param>
    /// <param name="Choice">The option of the last of them.</param>
    /// <param name="Parent">
    /// The choice for the others, in the frontier that the option starts from.
    /// </param>
    private readonly record struct Partial(long Kept, double Cost, int Choice, int Parent);
}
