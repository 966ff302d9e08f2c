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
    /// The fastest plan for <see cref="ReversibleSettings.MemoryBudget"/>: without slabs, or with
    /// slabs of a half of a sample, a quarter, and so on (<see cref="SlabSearch"/>). Takes as long
    /// as a few steps for each thickness that can win, and the memory of one layer and a batch of
    /// its numbers beside the parameters, whatever the budget. A roomy budget has one thickness:
    /// whole batches. On a device without <see cref="Backend.Sizing"/> a tight budget has all.
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
        using RevUpNet net = Network(backend, recipe, branches);
        // What a branch of the user's takes is measured.
        using Backend? sizing = branches is null ? backend.Sizing() : null;
        using RevUpNet? sized = sizing is null ? null : Network(sizing, recipe, branches: null);
        ArenaExhaustedException? exhausted = null;
        return SlabSearch.Fastest(
            recipe,
            slab => sized is null ? Measured(net, slab) : Measured(sized, slab),
            (slab, counted) => sized is null ? counted : Measured(net, slab)) ?? throw exhausted!;

        NetworkCosts? Measured(RevUpNet net, int slab)
        {
            Arena memory = net.Backend.Memory;
            long mark = memory.Mark();
            try
            {
                return NetworkCosts.Measure(net, WithSlab(recipe, slab));
            }
            catch (ArenaExhaustedException exception)
            {
                exhausted = exception;
                net.Abandon();
                memory.FreeSince(mark);
                return null;
            }
        }
    }

    /// <summary>
    /// Thicknesses of slabs that a recipe may train with, in the order in which they are tried: its
    /// own, and under "auto" a half of the sample, a quarter, and so on.
    /// </summary>
    public static IEnumerable<int> Slabs(Recipe recipe)
    {
        int own = recipe.Reversible.Policies.Slab;
        yield return own;
        if (own == 0 && PolicyRules.SlabObstacle(recipe.Model) is null)
        {
            for (int planes = recipe.Data.Sample.Extent(0) / 2; planes > 0; planes /= 2)
            {
                yield return planes;
            }
        }
    }

    /// <summary>A recipe whose layers take slabs of a thickness.</summary>
    public static Recipe WithSlab(Recipe recipe, int planes)
    {
        ReversibleSettings settings = recipe.Reversible;
        return recipe with
        {
            Reversible = settings with { Policies = settings.Policies with { Slab = planes } },
        };
    }

    private static RevUpNet Network(Backend backend, Recipe recipe, Func<BranchSite, Branch>? branches) => new(
        backend, recipe.Model, recipe.Data.Sample, recipe.Data.ClassCount, recipe.Training.Seed, branches,
        recipe.Training.Trained);
}
