using RevUp.Backends;
using RevUp.Models;
using RevUp.Recipes;
using RevUp.Reversible;
using RevUp.Tensors;

namespace RevUp.Planning;

/// <summary>
/// Chooses the policy of every block: of all the choices with which a training step stays within a
/// budget of bytes, the one of the least time. Bytes and times are measured on the device, on a
/// network like the recipe's that is there for the measurement only.
/// </summary>
internal static class MemoryPlanner
{
    /// <summary>
    /// The fastest plan for <see cref="ReversibleSettings.MemoryBudget"/>, without slabs if that
    /// can be. Otherwise with slabs of a half of a sample, a quarter, and so on: the thickest with
    /// which there is one. Takes as long as a few steps for each thickness tried, and the memory of
    /// one layer and a batch of its numbers beside the parameters, whatever the budget.
    /// </summary>
    /// <param name="backend">The device; everything measured with is freed again.</param>
    /// <param name="recipe">
    /// Network, data shape, batch, budget and the policies that may be chosen.
    /// </param>
    /// <exception cref="ConfigurationException">
    /// The recipe cannot work, or no plan fits the budget; says what the least is.
    /// </exception>
    /// <exception cref="ArenaExhaustedException">
    /// The device has no room for one layer of the network beside all parameters.
    /// </exception>
    public static MemoryForecast Plan(
        Backend backend, Recipe recipe, Func<BranchSite, Branch>? branches = null)
    {
        ArgumentNullException.ThrowIfNull(backend);
        ArgumentNullException.ThrowIfNull(recipe);
        using Driving driving = backend.Drive();
        recipe.Validate();
        using RevUpNet net = new(
            backend, recipe.Model, recipe.Data.Sample, recipe.Data.ClassCount, recipe.Training.Seed, branches);
        ReversibleSettings settings = recipe.Reversible;
        bool mayChoose = settings.Policies.Slab == 0 && PolicyRules.SlabObstacle(recipe.Model) is null;
        for (int thinner = mayChoose ? net.Sample.Extent(0) / 2 : 0; ; thinner /= 2)
        {
            long mark = backend.Memory.Mark();
            try
            {
                NetworkCosts costs = NetworkCosts.Measure(net, recipe with { Reversible = settings });
                if (thinner == 0 || costs.Fit(settings))
                {
                    return costs.Plan(settings);
                }
            }
            catch (ArenaExhaustedException) when (thinner > 0)
            {
                net.Abandon();
                backend.Memory.FreeSince(mark);
            }
            settings = settings with { Policies = settings.Policies with { Slab = thinner } };
        }
    }
}
