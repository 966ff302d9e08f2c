using RevUp.Distributed;

namespace RevUp.Runs;

/// <summary>Shared state of one epoch's steps.</summary>
/// <param name="Number">Counted from 0.</param>
/// <param name="End">Steps of the run when it is over.</param>
/// <param name="Meter">Running figures.</param>
/// <param name="Log">Where steps are logged; null on all ranks but the first.</param>
/// <param name="Progress">Called after every step.</param>
/// <param name="Stop">Ends the run after the step in flight.</param>
internal sealed record RunEpoch(
    int Number, long End, RunMeter Meter, RunLog? Log, Action<TrainingProgress>? Progress, StopAgreement Stop);
