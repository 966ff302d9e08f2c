using RevUp.Reversible;

namespace RevUp.Planning;

/// <summary>What a training step takes, from what its layers were measured to take.</summary>
/// <param name="PeakBytes">
/// The most bytes of the arena live at once. Exact; an inversion that happens to need a single evaluation takes one activation less than is counted.
/// </param>
/// <param name="Milliseconds">Of a step with inversions as long as at the Lipschitz bound.</param>
public sealed record StepForecast(long PeakBytes, double Milliseconds);

/// <summary>A plan that fits a budget, beside the steps in which all blocks have one policy.</summary>
/// <param name="BudgetBytes">What the step was allowed.</param>
/// <param name="LeastBytes">The least that any plan takes.</param>
/// <param name="Plan">The policy of every block.</param>
/// <param name="Step">What the plan takes.</param>
/// <param name="Uniform">What one policy for all blocks takes, of those that may be chosen.</param>
public sealed record MemoryForecast(
    long BudgetBytes, long LeastBytes, MemoryPlan Plan, StepForecast Step, IReadOnlyDictionary<MemoryPolicy, StepForecast> Uniform);
