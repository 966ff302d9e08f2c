using RevUp.Reversible;

namespace RevUp.Planning;

/// <summary>
/// A plan that fits a budget, beside the steps in which all blocks have one policy.
/// </summary>
/// <param name="BudgetBytes">Bytes that the step was allowed, recomputed inputs included.</param>
/// <param name="LeastBytes">The least budget that there is a plan for.</param>
/// <param name="Plan">The policy of every block.</param>
/// <param name="Step">Cost of the plan.</param>
/// <param name="Uniform">
/// Cost of one policy for all blocks, for each policy that may be chosen.
/// </param>
internal sealed record MemoryForecast(
    long BudgetBytes, long LeastBytes, MemoryPlan Plan, StepForecast Step,
    IReadOnlyDictionary<MemoryPolicy, StepForecast> Uniform);
