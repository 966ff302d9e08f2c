using RevUp.Reversible;

namespace RevUp.Planning;

/// <summary>A plan that fits a budget, beside the steps in which all blocks have one policy.</summary>
/// <param name="BudgetBytes">What the step was allowed, recomputed inputs included.</param>
/// <param name="LeastBytes">The least budget that there is a plan for.</param>
/// <param name="Plan">The policy of every block.</param>
/// <param name="Step">What the plan takes.</param>
/// <param name="Uniform">What one policy for all blocks takes, of those that may be chosen.</param>
internal sealed record MemoryForecast(
    long BudgetBytes, long LeastBytes, MemoryPlan Plan, StepForecast Step, IReadOnlyDictionary<MemoryPolicy, StepForecast> Uniform);
