using RevUp.Backends;
using RevUp.Models;
using RevUp.Recipes;
using RevUp.Reversible;
using RevUp.Tensors;

namespace RevUp.Planning;

/// <summary>
/// Finds the largest size of a training that fits a budget. Each size is decided as
/// <see cref="MemoryPlanner"/> decides it, by bytes alone: on a device with
/// <see cref="Backend.Sizing"/> nothing is computed. Bytes are taken to grow with the size.
/// </summary>
/// <param name="sizes">The recipe at every size.</param>
/// <param name="open">Opens the device, several times.</param>
/// <param name="say">Told each size that is looked at.</param>
/// <param name="stop">Ends the search with <see cref="OperationCanceledException"/>.</param>
internal sealed class FitSearch(FitSizes sizes, Func<Backend> open, Action<string> say, CancellationToken stop)
{
    // Times are measured on batches of about this many positions: seconds of work.
    private const int TimedPositions = 1 << 17;

    // Inversions of two evaluations, the most that a block's memory depends on.
    private static readonly InversionSettings s_accepted =
        new() { Tolerance = InversionSettings.Exact, MaximumEvaluations = 2, HardLimit = double.MaxValue };

    private static readonly InversionSettings s_refused = s_accepted with { HardLimit = InversionSettings.Exact };

    private readonly Dictionary<(int Size, int Slab), NetworkCosts?> _costs = [];
    private readonly Dictionary<(int Size, MemoryPolicy Policy, int Slab), long?> _bytes = [];
    private string _reason = "";

    /// <summary>
    /// The recipe at the largest size that fits, with its plan, and the forecast of a step. A
    /// recipe that is not plannable has the policy that reaches the largest size. On a device with
    /// <see cref="Backend.Sizing"/> the time is extrapolated from a smaller sample or batch.
    /// </summary>
    /// <exception cref="ConfigurationException">
    /// The smallest size takes more than the budget; names the bytes that it takes.
    /// </exception>
    /// <exception cref="OperationCanceledException">The search was stopped.</exception>
    public (int Size, Recipe Recipe, StepForecast Step) Largest()
    {
        if (!sizes.IsPlannable)
        {
            return LargestAlone();
        }
        int size = Largest(IsPlanned);
        if (size == 0)
        {
            throw TooLittle(MemoryPlanner.Slabs(sizes.At(sizes.Smallest)).Min(
                slab => Costs(sizes.Smallest, slab)?.LeastBytes(sizes.At(sizes.Smallest).Reversible)));
        }
        Recipe recipe = sizes.At(size);
        MemoryForecast forecast = SlabSearch.Fastest(
            recipe, slab => Costs(size, slab), (slab, costs) => Timed(MemoryPlanner.WithSlab(recipe, slab), costs))!;
        return (size, recipe with { Reversible = recipe.Reversible.WithPlan(forecast.Plan) }, forecast.Step);
    }

    /// <summary>
    /// The largest size under each policy alone: without slabs, and under "invert" with slabs where
    /// the recipe may have them.
    /// </summary>
    /// <exception cref="OperationCanceledException">The search was stopped.</exception>
    public IEnumerable<FitRow> Alone()
    {
        foreach ((MemoryPolicy policy, bool slabs) in Policies())
        {
            int size = Largest(size => Fitting(size, policy, slabs) is not null);
            (int slab, long bytes) = size == 0 ? default : Fitting(size, policy, slabs)!.Value;
            yield return new FitRow(policy, slabs, size, slab, bytes);
        }
    }

    private (int Size, Recipe Recipe, StepForecast Step) LargestAlone()
    {
        FitRow row = Alone().MaxBy(row => row.Size)!;
        if (row.Size == 0)
        {
            throw TooLittle(Policies().SelectMany(entry => Thicknesses(sizes.At(sizes.Smallest), entry.Slabs).Select(
                slab => Bytes(sizes.Smallest, entry.Policy, slab))).Min());
        }
        Recipe recipe = With(sizes.At(row.Size), row.Policy, row.Slab);
        using Backend backend = open();
        using Backend? sizing = backend.Sizing();
        MemoryRow step = Step(sizing ?? backend, recipe, s_accepted);
        StepForecast forecast = new(step.TotalPeakBytes, row.Bytes, step.StepMilliseconds);
        if (sizing is null)
        {
            return (row.Size, recipe, forecast);
        }
        (Recipe small, double factor) = Smaller(recipe);
        double milliseconds = factor * Step(open(), small, recipe.Reversible.Inversion).StepMilliseconds;
        return (row.Size, recipe, forecast with { Milliseconds = milliseconds });
    }

    private IEnumerable<(MemoryPolicy Policy, bool Slabs)> Policies()
    {
        Recipe smallest = sizes.At(sizes.Smallest);
        foreach (MemoryPolicy policy in MemoryPlan.Uniform.Where(
            policy => PolicyRules.IsPossible(policy, smallest.Model)
                && (policy != MemoryPolicy.Compress || smallest.Reversible.AllowCompress)))
        {
            yield return (policy, false);
            if (policy == MemoryPolicy.Invert && Thicknesses(smallest, slabs: true).Any())
            {
                yield return (policy, true);
            }
        }
    }

    private static IEnumerable<int> Thicknesses(Recipe recipe, bool slabs) =>
        slabs ? MemoryPlanner.Slabs(recipe).Where(slab => slab > 0) : [0];

    // The thickest slabs with which all blocks can have the policy.
    private (int Slab, long Bytes)? Fitting(int size, MemoryPolicy policy, bool slabs)
    {
        foreach (int slab in Thicknesses(sizes.At(size), slabs))
        {
            if (Bytes(size, policy, slab) is { } bytes && bytes <= sizes.Budget)
            {
                return (slab, bytes);
            }
        }
        return null;
    }

    // The most bytes of a step under one policy, recomputed inputs included; null where there are
    // none.
    private long? Bytes(int size, MemoryPolicy policy, int slab)
    {
        if (sizes.IsPlannable)
        {
            MemoryPlan plan = sizes.At(size).Reversible.Policies with { Policy = policy, Slab = slab };
            return Costs(size, slab)?.Forecast(plan).ReplayPeakBytes;
        }
        if (!_bytes.TryGetValue((size, policy, slab), out long? bytes))
        {
            Say(size, slab);
            _bytes[(size, policy, slab)] = bytes = Possible<long?>(
                backend => Step(backend, With(sizes.At(size), policy, slab), s_refused).TotalPeakBytes);
        }
        return bytes;
    }

    private bool IsPlanned(int size)
    {
        Recipe recipe = sizes.At(size);
        return MemoryPlanner.Slabs(recipe).Any(slab => Costs(size, slab)?.Fit(recipe.Reversible) == true);
    }

    // Doubles the size until it does not fit, then halves the distance; 0 where none fits.
    private int Largest(Func<int, bool> fits)
    {
        int unit = sizes.Unit, low = 0, high = sizes.Smallest;
        while (high <= sizes.Largest && fits(high))
        {
            (low, high) = (high, 2 * high);
        }
        high = Math.Min(high, sizes.Largest + unit);
        while (low > 0 && high - low > unit)
        {
            int middle = low + (high - low) / unit / 2 * unit;
            (low, high) = fits(middle) ? (middle, high) : (low, middle);
        }
        return low;
    }

    private NetworkCosts? Costs(int size, int slab)
    {
        slab = Math.Max(0, slab);
        if (!_costs.TryGetValue((size, slab), out NetworkCosts? costs))
        {
            Say(size, slab);
            _costs[(size, slab)] = costs =
                Possible(backend => Measure(backend, MemoryPlanner.WithSlab(sizes.At(size), slab)));
        }
        return costs;
    }

    private void Say(int size, int slab)
    {
        stop.ThrowIfCancellationRequested();
        say(slab == 0
            ? sizes.Text(size)
            : string.Create(CultureInfo.InvariantCulture, $"{sizes.Text(size)}, slabs of {slab}"));
    }

    // Null where the device has no room for one layer, or a network of this size is not possible.
    private T? Possible<T>(Func<Backend, T> measure)
    {
        using Backend backend = open();
        using Backend? sizing = backend.Sizing();
        try
        {
            return measure(sizing ?? backend);
        }
        catch (RevUpException exception) when (exception is ArenaExhaustedException or ConfigurationException)
        {
            _reason = exception.Message;
            return default;
        }
    }

    private static NetworkCosts Measure(Backend backend, Recipe recipe)
    {
        using Driving driving = backend.Drive();
        using RevUpNet net = new(
            backend, recipe.Model, recipe.Data.Sample, recipe.Data.ClassCount, recipe.Training.Seed,
            trained: recipe.Training.Trained);
        return NetworkCosts.Measure(net, recipe);
    }

    // A whole step under the recipe's one policy; the backend is disposed.
    private static MemoryRow Step(Backend backend, Recipe recipe, InversionSettings inversion) => MemoryProbe.Measure(
        recipe with { Reversible = recipe.Reversible with { Inversion = inversion } }, blocks: 0,
        recipe.Reversible.Policies.Policy, () => backend, warmUp: backend.Computes);

    private static Recipe With(Recipe recipe, MemoryPolicy policy, int slab)
    {
        recipe = MemoryPlanner.WithSlab(recipe, slab);
        ReversibleSettings settings = recipe.Reversible;
        return recipe with
        {
            Reversible = settings with { Policies = settings.Policies with { Policy = policy } },
        };
    }

    // Bytes that were counted without work have no times: a smaller sample or batch has them, in
    // proportion.
    private NetworkCosts Timed(Recipe recipe, NetworkCosts costs)
    {
        using Backend backend = open();
        using (Backend? sizing = backend.Sizing())
        {
            if (sizing is null)
            {
                return costs;
            }
        }
        (Recipe small, double factor) = Smaller(recipe);
        return costs.WithTimes(Measure(backend, small), factor);
    }

    // Work of seconds, and how many times as much the whole is.
    private (Recipe Small, double Factor) Smaller(Recipe recipe)
    {
        stop.ThrowIfCancellationRequested();
        Recipe small = FitSizes.Smaller(recipe, TimedPositions);
        (Shape whole, Shape part) = (recipe.Data.Sample, small.Data.Sample);
        int slab = recipe.Reversible.Policies.Slab;
        string slabs = slab > 0 ? string.Create(CultureInfo.InvariantCulture, $", slabs of {slab}") : "";
        say($"time at {part.WithBatch(small.Training.BatchSize)}{slabs}");
        return (small, (double)recipe.Training.BatchSize * whole.Count / (small.Training.BatchSize * part.Count));
    }

    private ConfigurationException TooLittle(long? least) => new(least is { } bytes
        ? string.Create(
            CultureInfo.InvariantCulture,
            $"the budget is {sizes.Budget} bytes, and a step at the smallest size, {sizes.Text(sizes.Smallest)}, takes "
            + $"{bytes} bytes ({bytes / 1048576.0:F2} MiB); use at least that as --memory-budget, or another recipe.")
        : $"even {sizes.Text(sizes.Smallest)} does not work: {_reason}");
}
