using RevUp.Benchmarks.Studies;
using RevUp.Reversible;

namespace RevUp.Benchmarks;

/// <summary>
/// Memory plans as options and reports name them: a policy, or `compress` with its bits.
/// </summary>
internal static class PlanName
{
    private static readonly Dictionary<string, MemoryPlan> s_plans = new(
        from policy in MemoryPlan.Uniform
        select KeyValuePair.Create(MemoryTable.Name(policy), new MemoryPlan { Policy = policy }))
    {
        ["compress-4-bit"] = new MemoryPlan { Policy = MemoryPolicy.Compress, CompressBits = 4 },
    };

    /// <summary>All names.</summary>
    public static string All => string.Join(", ", s_plans.Keys);

    /// <summary>The plan of a name; the default plan when there is none.</summary>
    public static bool TryParse(string name, out MemoryPlan plan)
    {
        bool known = s_plans.TryGetValue(name, out MemoryPlan? found);
        plan = found ?? new MemoryPlan();
        return known;
    }
}
