namespace RevUp.Reversible;

/// <summary>
/// The stop rule of one fixed-point inversion, fed with the statistics of each evaluation in turn.
/// An inversion has converged as soon as L̂/(1−L̂)·‖xⁱ⁺¹ − xⁱ‖ ≤ tolerance·‖xⁱ⁺¹‖, the a-posteriori
/// bound of Banach's theorem. L̂ is the ratio of the last two corrections; before there are two, it
/// is the given bound of the branch. A bound of 1 or more proves nothing: L̂ then counts as at
/// least <see cref="LeastUnproven"/>.
/// </summary>
/// <remarks>
/// The first correction, F(y), has a constant part that later corrections lack. The first ratio is
/// therefore too small. Without the least value, inputs had residuals a third above the tolerance
/// (benchmarks/results/inversion.md). The rule serves both solvers: the adaptive one asks after
/// each evaluation, the planned one after the step.
/// </remarks>
/// <param name="settings">Tolerance, limits.</param>
/// <param name="bound">A bound of the branch's Lipschitz constant.</param>
internal struct ConvergenceTest(InversionSettings settings, double bound)
{
    /// <summary>L̂ at least, without a bound below 1.</summary>
    internal const double LeastUnproven = 0.4;

    private const int DivergingSteps = 3;

    private readonly double _least = bound < 1 ? 0 : LeastUnproven;
    private double _contraction = bound;
    private double _measured = double.NaN;
    private double _correction = double.NaN;
    private int _growing;
    private int _first;

    /// <summary>Evaluations seen.</summary>
    public int Evaluations { get; private set; }

    /// <summary>‖Δx‖/‖x‖ of the last one.</summary>
    public double Residual { get; private set; }

    /// <summary>
    /// Whether the error bound came under the tolerance with the last evaluation.
    /// </summary>
    public bool Converged { get; private set; }

    /// <summary>Whether another evaluation is no use or not allowed.</summary>
    public readonly bool IsOver =>
        Converged || Evaluations == settings.MaximumEvaluations || _growing == DivergingSteps
            || !double.IsFinite(Residual);

    /// <summary>Present knowledge, as a record.</summary>
    public readonly InversionRecord Record =>
        new(Evaluations, Residual, _measured, Converged, Replayed: false) { Needed = Needed() };

    /// <summary>Takes the sums that <see cref="Backends.Backend.FixedPointStep"/> leaves.</summary>
    /// <param name="correctionSquares">‖xⁱ⁺¹ − xⁱ‖².</param>
    /// <param name="squares">‖xⁱ⁺¹‖².</param>
    public void Add(double correctionSquares, double squares)
    {
        (double previous, double norm) = (_correction, Math.Sqrt(squares));
        _correction = Math.Sqrt(correctionSquares);
        _measured = _correction / previous;
        _contraction = double.IsNaN(_measured) ? _contraction : Math.Max(_measured, _least);
        Residual = norm > 0 ? _correction / norm : _correction;
        Converged = ErrorBound <= settings.Tolerance && Residual <= settings.HardLimit;
        _growing = _measured >= 1 && !Converged ? _growing + 1 : 0;
        Evaluations++;
        _first = _first == 0 && Converged ? Evaluations : _first;
    }

    /// <summary>
    /// Number of evaluations that the tolerance needs. It is the number of the first evaluation
    /// that met the tolerance. If none did, each further evaluation is assumed to shrink the error
    /// by L̂, within the cap. If L̂ was not measured, or is 1 or more, the number is one more than
    /// was done.
    /// </summary>
    public readonly int Needed()
    {
        double more = Math.Ceiling(Math.Log(settings.Tolerance / ErrorBound) / Math.Log(_measured));
        double needed = _first > 0 ? _first : Evaluations + (_measured < 1 && more > 1 ? more : 1);
        return (int)Math.Min(needed, settings.MaximumEvaluations);
    }

    // At the rounding floor corrections no longer shrink: a measured contraction of 1 or more with
    // a tiny residual is convergence, not divergence.
    private readonly double ErrorBound => Residual switch
    {
        <= InversionSettings.Rounding => Residual,
        _ => _contraction < 1 ? _contraction / (1 - _contraction) * Residual : double.PositiveInfinity,
    };
}
