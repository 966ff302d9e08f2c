using RevUp.Recipes;
using RevUp.Tensors;

namespace RevUp.Planning;

/// <summary>
/// Chooses the thickness of slabs together with the policies: of all that fit the budget, the
/// choice of the least time. Thinner slabs take longer, but leave room for cheaper policies.
/// </summary>
/// <remarks>
/// Bytes are counted for each thickness, which costs next to nothing where a device has
/// <see cref="Backends.Backend.Sizing"/>. Times are measured where a thickness can win: a layer is
/// taken to be no faster under a policy than it is in thicker slabs under that policy.
/// </remarks>
internal static class SlabSearch
{
    /// <summary>The fastest plan of all thicknesses.</summary>
    /// <param name="recipe">Budget, and the policies and slabs that may be chosen.</param>
    /// <param name="count">
    /// Costs with slabs of some planes, of which the bytes are used; null where the device has no
    /// room for one layer.
    /// </param>
    /// <param name="time">The same costs with times; null where there is no room.</param>
    /// <returns>Null where the device has no room to measure any that fits.</returns>
    /// <exception cref="ConfigurationException">
    /// None fits; says what the least budget is.
    /// </exception>
    public static MemoryForecast? Fastest(
        Recipe recipe, Func<int, NetworkCosts?> count, Func<int, NetworkCosts, NetworkCosts?> time)
    {
        (MemoryForecast? best, NetworkCosts? thicker) = (null, null);
        (NetworkCosts? leanest, int leanestSlab, bool fits) = (null, 0, false);
        foreach (int slab in MemoryPlanner.Slabs(recipe))
        {
            ReversibleSettings settings = MemoryPlanner.WithSlab(recipe, slab).Reversible;
            ReversibleSettings roomy = settings with { MemoryBudget = long.MaxValue };
            double limit = best?.Step.Milliseconds ?? double.PositiveInfinity;
            if (thicker?.LeastMilliseconds(roomy) >= limit)
            {
                break;
            }
            if (count(slab) is not { } counted)
            {
                continue;
            }
            if (leanest is null || counted.LeastBytes(settings) < leanest.LeastBytes(settings))
            {
                (leanest, leanestSlab) = (counted, slab);
            }
            NetworkCosts bound = thicker is null ? counted : counted.WithTimes(thicker, 1);
            if (!counted.Fit(settings) || (thicker is not null && bound.LeastMilliseconds(settings) >= limit))
            {
                continue;
            }
            fits = true;
            if (time(slab, counted) is { } timed)
            {
                MemoryForecast forecast = timed.Plan(settings);
                (best, thicker) = (forecast.Step.Milliseconds < limit ? forecast : best, timed);
            }
        }
        // The leanest costs say what the least budget is.
        return best ?? (fits ? null : leanest?.Plan(MemoryPlanner.WithSlab(recipe, leanestSlab).Reversible));
    }
}
