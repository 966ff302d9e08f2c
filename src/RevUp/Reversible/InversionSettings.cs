namespace RevUp.Reversible;

/// <summary>When a fixed-point inversion stops, and when its result is refused.</summary>
public sealed record InversionSettings
{
    /// <summary>The tolerance called "exact": as close as float32 allows, for tests and for the careful.</summary>
    public const double Exact = 1e-6;

    /// <summary>
    /// The error of the rebuilt input, as bounded by L̂/(1−L̂)·‖Δx‖, that is good enough, relative to its norm. The default is what the gradient needs: about
    /// two evaluations of every branch and an error of 3 % of the gradient (results/gradients.md), where that of another mini-batch differs by more than 100 %.
    /// </summary>
    public double Tolerance { get; init; } = 1e-2;

    /// <summary>Branch evaluations per block at most.</summary>
    public int MaximumEvaluations { get; init; } = 50;

    /// <summary>Inversion residual above which a block's input is recomputed from the nearest kept activation instead of trained on.</summary>
    public double HardLimit { get; init; } = 5e-2;

    /// <summary>Throws when a value is outside its range.</summary>
    /// <exception cref="ConfigurationException">Names the value and the range.</exception>
    public void Validate()
    {
        ConfigurationException.Require(Tolerance is >= 1e-7 and < 1, $"reversible.tolerance is {Tolerance}; use {Exact} ('exact') to 0.1");
        ConfigurationException.Require(MaximumEvaluations is >= 1 and <= 10_000, $"reversible.maximumEvaluations is {MaximumEvaluations}; use 1 to 10000");
        ConfigurationException.Require(HardLimit >= Tolerance, $"reversible.hardLimit is {HardLimit}; it must not be below the tolerance {Tolerance}");
    }
}
