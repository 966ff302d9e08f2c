namespace RevUp.Benchmarks.Studies;

/// <summary>
/// The steps of one contender at one depth, measured in turn with the others of the same call.
/// </summary>
/// <param name="Blocks">Blocks of each stage, n.</param>
/// <param name="Channels">Channels of the first stage.</param>
/// <param name="Batch">Samples.</param>
/// <param name="Contender">Its name.</param>
/// <param name="Rounds">Steps measured.</param>
/// <param name="TrainedSteps">
/// Steps that RevUp's weights were trained for; 0 for last convolutions drawn at random.
/// </param>
/// <param name="Milliseconds">Quartiles of the time of a step.</param>
/// <param name="Ratio">
/// Quartiles of its ratio to the peer's step of the same round; null without the peer.
/// </param>
/// <param name="Parameters">Trainable numbers.</param>
/// <param name="ProcessPeakBytes">VmHWM.</param>
/// <param name="ActivationPeakBytes">Peak of the arena's activations; 0 for the peer.</param>
/// <param name="MeanEvaluations">k; 0 when nothing was inverted.</param>
/// <param name="MaxEvaluations">Largest k.</param>
/// <param name="MaxResidual">Largest inversion residual.</param>
/// <param name="Origin">Command, machine and sources.</param>
internal sealed record StepRow(
    int Blocks,
    int Channels,
    int Batch,
    string Contender,
    int Rounds,
    int TrainedSteps,
    Quartiles Milliseconds,
    Quartiles? Ratio,
    long Parameters,
    long ProcessPeakBytes,
    long ActivationPeakBytes,
    double MeanEvaluations,
    int MaxEvaluations,
    double MaxResidual,
    Origin Origin) : IMeasured
{
    /// <summary>The names of the columns of <see cref="Cells"/>.</summary>
    public static IReadOnlyList<string> Columns { get; } =
    [
        "contender", "parameters, M", "step ms", "quartiles", "ratio to the peer", "quartiles", "process, MiB",
        "of the smallest peer's", "activations, MiB",
        "mean k", "max k", "worst residual", "rounds",
    ];

    /// <summary>The row of a report.</summary>
    /// <param name="peerBytes">
    /// The least process memory of the peer at this depth; 0 where it was not measured.
    /// </param>
    public string[] Cells(long peerBytes) =>
    [
        Contender,
        $"{Parameters / 1e6:F2}",
        $"{Milliseconds.Median:F0}",
        $"{Milliseconds.First:F0} to {Milliseconds.Third:F0}",
        Ratio is null ? "" : $"{Ratio.Median:F2}",
        Ratio is null ? "" : $"{Ratio.First:F2} to {Ratio.Third:F2}",
        Report.MiB(ProcessPeakBytes),
        peerBytes == 0 ? "" : $"{(double)ProcessPeakBytes / peerBytes:F2}",
        ActivationPeakBytes == 0 ? "" : Report.MiB(ActivationPeakBytes),
        MaxEvaluations == 0 ? "" : $"{MeanEvaluations:F2}",
        MaxEvaluations == 0 ? "" : $"{MaxEvaluations}",
        MaxEvaluations == 0 ? "" : $"{MaxResidual:0.0e-0}",
        $"{Rounds}",
    ];
}
