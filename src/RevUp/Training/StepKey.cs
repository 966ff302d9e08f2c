using RevUp.Reversible;
using RevUp.Tensors;

namespace RevUp.Training;

/// <summary>
/// Facts that a recorded step depends on: while they are the same, the same operations with the
/// same addresses are issued.
/// </summary>
/// <param name="Pixels">Address, and with its shape the batch.</param>
/// <param name="Targets">Address.</param>
/// <param name="Layout">
/// Of the arena before the step (<see cref="Arena.Layout"/>): which tensors are live, and so where
/// the step's own will be.
/// </param>
/// <param name="Iterations">Power iterations.</param>
/// <param name="Plan">Policies.</param>
/// <param name="Inversion">Limits.</param>
internal readonly record struct StepKey(
    Tensor Pixels, Tensor Targets, ulong Layout, int Iterations, MemoryPlan Plan, InversionSettings Inversion);
