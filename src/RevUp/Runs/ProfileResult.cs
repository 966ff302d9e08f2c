using RevUp.Diagnostics;
using RevUp.Reversible;

namespace RevUp.Runs;

/// <summary>A profile with what it is of.</summary>
/// <param name="Window">Its steps.</param>
/// <param name="Missing">Why the batches are random; null where they are the recipe's.</param>
/// <param name="Precision">Arithmetic of the network, in words.</param>
/// <param name="Rates">Rates of the device alone.</param>
/// <param name="Step">Where the time of a step goes.</param>
/// <param name="PlainMilliseconds">
/// Time of the step before them, without marks between operations; NaN where there is none.
/// </param>
/// <param name="DataWaitMilliseconds">Mean time of a step in which the host waits for data.</param>
/// <param name="MeanEvaluations">k; 0 where nothing is inverted.</param>
/// <param name="MaxEvaluations">Largest k.</param>
internal sealed record ProfileResult(
    StepWindow Window, string? Missing, string Precision, MachineRates Rates, StepProfile Step,
    double PlainMilliseconds, double DataWaitMilliseconds, double MeanEvaluations, int MaxEvaluations)
{
    /// <summary>Policies that were measured.</summary>
    public required MemoryPlan Plan { get; init; }
}
