namespace RevUp.Runs;

/// <summary>One case of an evaluation, as a rank tells it the others.</summary>
/// <param name="Measures">Agreement of its label maps.</param>
/// <param name="View">Its pictures; null where they would not be shown.</param>
internal sealed record ComparedCase(CaseMeasures Measures, CaseView? View)
{
    /// <summary>Cross-entropy, added up over its positions.</summary>
    public double Loss { get; init; }

    /// <summary>Positions with the right label.</summary>
    public long Right { get; init; }

    /// <summary>Positions with a label.</summary>
    public long Counted { get; init; }
}
