using RevUp.Backends;
using RevUp.Tensors;

namespace RevUp.Reversible;

/// <summary>When a fixed-point inversion stops, and when its result is refused.</summary>
public sealed record InversionSettings
{
    /// <summary>
    /// The tolerance called "exact": as close as float32 allows, for tests and for the careful.
    /// </summary>
    public const double Exact = 1e-6;

    /// <summary>
    /// The residual below which float32 makes corrections no smaller: there it bounds the error
    /// whatever their ratio.
    /// </summary>
    public const double Rounding = Exact / 4;

    /// <summary>
    /// The error of the rebuilt input, as bounded by L̂/(1−L̂)·‖Δx‖, that is good enough, relative
    /// to its norm. The default is what the gradient needs: two evaluations of nearly every branch
    /// and an error of 3–4 % of the gradient, where another mini-batch's gradient differs by more
    /// than 100 %. 1e-1 takes the same two; 1e-3 takes 3.3 and leaves a third of the error
    /// (results/inversion.md).
    /// </summary>
    public double Tolerance { get; init; } = 1e-2;

    /// <summary>Branch evaluations per block at most.</summary>
    public int MaximumEvaluations { get; init; } = 50;

    /// <summary>
    /// Inversion residual above which a block's input is recomputed from the nearest kept
    /// activation instead of trained on.
    /// </summary>
    public double HardLimit { get; init; } = 5e-2;

    /// <summary>
    /// Precision of branch evaluations. An error of xⁱ is multiplied by the branch's contraction in
    /// every later evaluation, so that rounding the first to 2⁻⁸ of F is lost in what the iteration
    /// leaves anyway.
    /// </summary>
    public EvaluationPrecision Evaluations { get; init; }

    /// <summary>Limits that judge a step whose inversions the host has not seen.</summary>
    internal StepLimits Limits(double averaging, double clipNorm) =>
        new(averaging, clipNorm, HardLimit, Tolerance, Rounding);

    /// <summary>
    /// Throws when a value is outside its range, or cannot be had with branches in
    /// <paramref name="precision"/>.
    /// </summary>
    /// <exception cref="ConfigurationException">Names the value and the range.</exception>
    public void Validate(BranchPrecision precision)
    {
        ConfigurationException.Require(
            Evaluations == EvaluationPrecision.Full || precision != BranchPrecision.BFloat16,
            $"reversible.evaluations is 'mixed', which is for model.precision 'float32'; with 'bfloat16' use 'full'");
        ConfigurationException.Require(
            Tolerance is >= 1e-7 and < 1, $"reversible.tolerance is {Tolerance}; use {Exact} ('exact') to 0.1");
        ConfigurationException.Require(
            MaximumEvaluations is >= 1 and <= 10_000,
            $"reversible.maximumEvaluations is {MaximumEvaluations}; use 1 to 10000");
        ConfigurationException.Require(
            HardLimit >= Tolerance,
            $"reversible.hardLimit is {HardLimit}; it must not be below the tolerance {Tolerance}");
    }
}
