using RevUp.Tensors;

namespace RevUp.Reversible;

/// <summary>Settings of the Lipschitz control.</summary>
public sealed record LipschitzSettings
{
    /// <summary>Which product is bounded.</summary>
    public LipschitzMode Mode { get; init; } = LipschitzMode.PerBranch;

    /// <summary>
    /// c, the bound: above 0 and below 1. Under <see cref="LipschitzMode.Adaptive"/> control what
    /// every branch starts from.
    /// </summary>
    public double Coefficient { get; init; } = 0.9;

    /// <summary>
    /// Under <see cref="LipschitzMode.Adaptive"/> control, the measured contraction of an inversion
    /// from which on a bound falls: above 0, below 1.
    /// </summary>
    public double TargetContraction { get; init; } = 0.7;

    /// <summary>
    /// Under <see cref="LipschitzMode.Adaptive"/> control, a bound falls when an inversion needs
    /// more branch evaluations than this to its tolerance: at least 2.
    /// </summary>
    public int TargetEvaluations { get; init; } = 4;

    /// <summary>
    /// Whether the first block behind the input, and the first block behind every layer without an
    /// inverse, goes without a bound. Such a layer keeps its own input anyway. The block's input is
    /// recomputed from there, exactly and for less than an inversion takes.
    /// </summary>
    public bool FreeLeadingBlocks { get; init; }

    /// <summary>Power iterations per convolution and step.</summary>
    public int Iterations { get; init; } = 1;

    /// <summary>
    /// Power iterations in the first steps, while the vectors are still far from the leading
    /// singular ones.
    /// </summary>
    public int StartIterations { get; init; } = 5;

    /// <summary>Steps that count as first.</summary>
    public int StartSteps { get; init; } = 20;

    /// <summary>
    /// Largest spatial extent, in positions per axis, on which σ is estimated. The norm of a
    /// zero-padded convolution grows with the extent, towards the norm of the unpadded operator. On
    /// larger inputs the estimate is therefore slightly low: by a relative error of the order of
    /// (π/extent)² at most, in practice far less.
    /// </summary>
    public int MaximumExtent { get; init; } = 32;

    /// <summary>Throws when a value is outside its range.</summary>
    /// <exception cref="ConfigurationException">Names the value and the range.</exception>
    public void Validate()
    {
        ConfigurationException.Require(
            Mode == LipschitzMode.None || Coefficient is > 0 and < 1,
            $"model.lipschitz.coefficient is {Coefficient}; blocks are only invertible for values above 0 and below 1");
        ConfigurationException.Require(
            TargetContraction is > 0 and < 1,
            $"model.lipschitz.targetContraction is {TargetContraction}; an inversion converges for values above 0 and "
            + $"below 1, such as 0.7");
        ConfigurationException.Require(
            TargetEvaluations is >= 2 and <= 10_000,
            $"model.lipschitz.targetEvaluations is {TargetEvaluations}; use 2 to 10000, since one evaluation alone "
            + $"measures no contraction");
        ConfigurationException.Require(
            Iterations is >= 1 and <= 1000, $"model.lipschitz.iterations is {Iterations}; use 1 to 1000");
        ConfigurationException.Require(
            StartIterations >= Iterations,
            $"model.lipschitz.startIterations is {StartIterations}; it must be at least model.lipschitz.iterations "
            + $"({Iterations})");
        ConfigurationException.Require(
            StartSteps >= 0, $"model.lipschitz.startSteps is {StartSteps}; it must not be negative");
        ConfigurationException.Require(
            MaximumExtent >= 1, $"model.lipschitz.maximumExtent is {MaximumExtent}; it must be positive");
    }
}
