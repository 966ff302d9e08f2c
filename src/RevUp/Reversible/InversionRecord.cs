namespace RevUp.Reversible;

/// <summary>How one block's input was rebuilt in one step.</summary>
/// <param name="Evaluations">k, the branch evaluations.</param>
/// <param name="Residual">
/// ‖x + F(x) − y‖ at the point that was differentiated, relative to the norm of the rebuilt input.
/// </param>
/// <param name="Contraction">
/// L̂, the measured ratio of the last two corrections; NaN when there was only one.
/// </param>
/// <param name="Converged">Whether the error bound came under the tolerance.</param>
/// <param name="Replayed">
/// Whether the result was refused and the input recomputed from a kept activation.
/// </param>
internal readonly record struct InversionRecord(
    int Evaluations, double Residual, double Contraction, bool Converged, bool Replayed)
{
    /// <summary>
    /// Evaluations that the tolerance needs: k where the solver looked at each, else what their
    /// statistics tell.
    /// </summary>
    public int Needed { get; init; }

    /// <summary>Numbers of <see cref="Write"/>.</summary>
    public const int Length = 6;

    /// <summary>
    /// The record as numbers, none of them NaN, such that the largest of each are the numbers of
    /// <see cref="Worse"/>.
    /// </summary>
    public void Write(Span<double> numbers)
    {
        numbers[0] = Evaluations;
        numbers[1] = double.IsNaN(Residual) ? double.PositiveInfinity : Residual;
        numbers[2] = double.IsNaN(Contraction) ? -1 : Contraction;
        numbers[3] = Evaluations > 0 && !Converged ? 1 : 0;
        numbers[4] = Replayed ? 1 : 0;
        numbers[5] = Needed;
    }

    /// <summary>The record that was written.</summary>
    public static InversionRecord Read(ReadOnlySpan<double> numbers) =>
        new(
            (int)numbers[0], numbers[1], numbers[2] < 0 ? double.NaN : numbers[2],
            Converged: numbers[0] > 0 && numbers[3] == 0, Replayed: numbers[4] > 0)
        {
            Needed = (int)numbers[5],
        };

    /// <summary>
    /// Joins two inversions of one block: the worse of each number. A record without evaluations
    /// shows nothing.
    /// </summary>
    public InversionRecord Worse(in InversionRecord other)
    {
        if (Evaluations == 0 || other.Evaluations == 0)
        {
            return Evaluations == 0 ? other : this;
        }
        return new InversionRecord(
            Math.Max(Evaluations, other.Evaluations),
            Math.Max(Residual, other.Residual),
            double.MaxNumber(Contraction, other.Contraction),
            Converged && other.Converged,
            Replayed || other.Replayed)
        {
            Needed = Math.Max(Needed, other.Needed),
        };
    }
}
