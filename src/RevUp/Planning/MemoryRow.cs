using RevUp.Reversible;

namespace RevUp.Planning;

/// <summary>
/// One measured training step of a network of a given depth under a given policy.
/// </summary>
/// <param name="Blocks">Residual blocks.</param>
/// <param name="Policy">Memory policy.</param>
/// <param name="ActivationPeakBytes">
/// Most bytes of activations, their gradients and what layers keep, live at once.
/// </param>
/// <param name="ParameterBytes">Weights, scalars, biases.</param>
/// <param name="GradientBytes">Their gradients.</param>
/// <param name="OptimizerBytes">Momentum and power-iteration vectors.</param>
/// <param name="WorkspaceBytes">Peak of packed weights and scratch.</param>
/// <param name="TotalPeakBytes">The most bytes of all these that were live at once.</param>
/// <param name="ProcessPeakBytes">
/// Most bytes of the process resident at once; 0 where unknown.
/// </param>
/// <param name="StepMilliseconds">Time of the step.</param>
/// <param name="MeanEvaluations">Mean k over the inverted blocks; 0 when none is.</param>
/// <param name="MaxEvaluations">Largest k.</param>
/// <param name="MaxInversionResidual">Largest inversion residual.</param>
internal sealed record MemoryRow(
    int Blocks,
    MemoryPolicy Policy,
    long ActivationPeakBytes,
    long ParameterBytes,
    long GradientBytes,
    long OptimizerBytes,
    long WorkspaceBytes,
    long TotalPeakBytes,
    long ProcessPeakBytes,
    double StepMilliseconds,
    double MeanEvaluations,
    int MaxEvaluations,
    double MaxInversionResidual)
{
    /// <summary>Storage type and arithmetic inside the branches.</summary>
    public required BranchPrecision Precision { get; init; }

    /// <summary>Planes of a slab at the finest extents; 0 for whole batches.</summary>
    public int Slab { get; init; }

    /// <summary>Forecast of the step on ranks; null where none was asked for.</summary>
    public RankForecast? Ranks { get; init; }
}
