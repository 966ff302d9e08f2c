using RevUp.Layers;
using RevUp.Reversible;

namespace RevUp.Planning;

/// <summary>One option for every layer of a chain, and what they take together.</summary>
/// <param name="Policies">First layer first.</param>
/// <param name="PeakBytes">
/// max over layers of what the layers before keep, and what the layer itself works with.
/// </param>
/// <param name="ReplayPeakBytes">The same where any inversions are refused.</param>
/// <param name="Milliseconds">Σ over layers.</param>
internal sealed record ChainPlan(
    IReadOnlyList<MemoryPolicy> Policies, long PeakBytes, long ReplayPeakBytes, double Milliseconds)
{
    /// <summary>The options that layers take under a plan.</summary>
    public static ChainPlan Of(
        IReadOnlyList<Layer> layers, IReadOnlyList<IReadOnlyList<LayerOption>> options, MemoryPlan plan)
    {
        LayerOption[] followed = new LayerOption[layers.Count];
        bool streaming = false;
        for (int i = 0; i < followed.Length; i++)
        {
            MemoryPolicy policy = plan.For(layers[i]);
            LayerOption[] possible = [.. options[i]
                .Where(option => option.FromStream == streaming && (!option.IsUniform || option.Policy == plan.Policy))
                .OrderByDescending(option => option.IsUniform)];
            int index = Array.FindIndex(possible, option => option.Policy == policy);
            // The first layer, and a block behind a stream, keep their inputs even where they could
            // be inverted. A frozen layer has one option.
            followed[i] =
                index >= 0 ? possible[index] : possible.First(option => option.Policy == MemoryPolicy.Checkpoint);
            streaming = followed[i].ToStream;
        }
        return Of(followed);
    }

    /// <summary>Adds up options of which each fits behind the one before.</summary>
    public static ChainPlan Of(IReadOnlyList<LayerOption> options)
    {
        (long kept, long peak, long most, double milliseconds) = (0, 0, 0, 0);
        foreach (LayerOption option in options)
        {
            peak = Math.Max(peak, kept + option.WorkingBytes);
            most = Math.Max(most, kept + option.MostBytes);
            kept += option.KeptBytes;
            milliseconds += option.Milliseconds;
        }
        return new ChainPlan([.. options.Select(option => option.Policy)], peak, most, milliseconds);
    }
}
