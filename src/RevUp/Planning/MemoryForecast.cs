using RevUp.Reversible;

namespace RevUp.Planning;

/// <summary>What a training step takes, from what its layers were measured to take.</summary>
/// <param name="PeakBytes">
/// The most bytes of the arena live at once, to the byte where every inversion takes two evaluations or more; one of a single evaluation takes an activation
/// less than is counted.
/// </param>
/// <param name="ReplayPeakBytes">The most where inversions are refused, and inputs recomputed; a bound, and no less than <paramref name="PeakBytes"/>.</param>
/// <param name="Milliseconds">Of a step with inversions as long as at the Lipschitz bound.</param>
public sealed record StepForecast(long PeakBytes, long ReplayPeakBytes, double Milliseconds);

/// <summary>A plan that fits a budget, beside the steps in which all blocks have one policy.</summary>
/// <param name="BudgetBytes">What the step was allowed, recomputed inputs included.</param>
/// <param name="LeastBytes">The least budget that there is a plan for.</param>
/// <param name="Plan">The policy of every block.</param>
/// <param name="Step">What the plan takes.</param>
/// <param name="Uniform">What one policy for all blocks takes, of those that may be chosen.</param>
public sealed record MemoryForecast(
    long BudgetBytes, long LeastBytes, MemoryPlan Plan, StepForecast Step, IReadOnlyDictionary<MemoryPolicy, StepForecast> Uniform);
