namespace RevUp.Reversible;

/// <summary>
/// k of every block for steps that do not wait for their own statistics: what the steps before
/// needed. It follows a need that grows at once, and one that falls only after
/// <see cref="Patience"/> steps, for all blocks together, because work that was recorded for one k
/// must be recorded again for another.
/// </summary>
/// <remarks>
/// A step that would have needed more than was planned is trained on all the same, as long as its
/// residuals are under the hard limit and the bounds of its branches below 1; the next one has
/// more. A plan is not known before a step has measured k with the adaptive solver, nor after one
/// in which that gave up on a block.
/// </remarks>
internal sealed class EvaluationPlan
{
    /// <summary>Steps after which k falls to the most that any of them needed.</summary>
    public const int Patience = 32;

    private readonly int[] _evaluations;
    private readonly int[] _needed;
    private int _steps;

    /// <param name="blocks">Blocks of the network.</param>
    public EvaluationPlan(int blocks)
    {
        _evaluations = new int[blocks];
        _needed = new int[blocks];
    }

    /// <summary>Whether there is a plan.</summary>
    public bool IsKnown { get; private set; }

    /// <summary>k of every block; 0 for one that is not inverted.</summary>
    public ReadOnlySpan<int> Evaluations => _evaluations;

    /// <summary>The largest k.</summary>
    public int Most { get; private set; }

    /// <summary>Changes whenever <see cref="Evaluations"/> does.</summary>
    public long Version { get; private set; }

    /// <summary>Everything to go on with; null when there is no plan.</summary>
    public EvaluationPlanState? State =>
        IsKnown ? new EvaluationPlanState([.. _evaluations], [.. _needed], _steps) : null;

    /// <summary>Goes on with what was kept; what does not fit this network is no plan.</summary>
    public void Restore(EvaluationPlanState? state)
    {
        Forget();
        if (state is not null && state.Evaluations.Count == _evaluations.Length && state.Needed.Count == _needed.Length)
        {
            for (int block = 0; block < _evaluations.Length; block++)
            {
                Need(block, state.Evaluations[block]);
            }
            Lower();
            for (int block = 0; block < _evaluations.Length; block++)
            {
                Need(block, state.Needed[block]);
            }
            (IsKnown, _steps) = (true, state.Steps);
        }
    }

    /// <summary>Nothing is known any more: settings or policies have changed.</summary>
    public void Forget()
    {
        IsKnown = false;
        _steps = 0;
        Array.Clear(_needed);
    }

    /// <summary>
    /// Takes what the adaptive solver did; a step in which it gave up on a block plans nothing.
    /// </summary>
    public void Measure(ReadOnlySpan<InversionRecord> records)
    {
        Forget();
        Take(records);
        Lower();
    }

    /// <summary>
    /// Takes what the adaptive solver did where too few had been planned for one block: what the
    /// others needed before stays, or they would be the next.
    /// </summary>
    public void Correct(ReadOnlySpan<InversionRecord> records)
    {
        Take(records);
        EndStep();
    }

    /// <summary>
    /// Says how many evaluations a block of a planned step needed; call it for every block, and
    /// then <see cref="EndStep"/>.
    /// </summary>
    public void Need(int block, int evaluations) => _needed[block] = Math.Max(_needed[block], evaluations);

    /// <summary>Chooses k for the next step.</summary>
    public void EndStep()
    {
        if (++_steps == Patience)
        {
            Lower();
            return;
        }
        for (int block = 0; block < _evaluations.Length; block++)
        {
            Set(block, Math.Max(_evaluations[block], _needed[block]));
        }
    }

    private void Take(ReadOnlySpan<InversionRecord> records)
    {
        IsKnown = true;
        for (int block = 0; block < records.Length; block++)
        {
            IsKnown &= !records[block].Replayed;
            Need(block, records[block].Evaluations);
        }
    }

    // To the evaluations that were needed. They are counted again from here.
    private void Lower()
    {
        Most = 0;
        for (int block = 0; block < _evaluations.Length; block++)
        {
            Set(block, _needed[block]);
        }
        Array.Clear(_needed);
        _steps = 0;
    }

    private void Set(int block, int evaluations)
    {
        Version += evaluations == _evaluations[block] ? 0 : 1;
        _evaluations[block] = evaluations;
        Most = Math.Max(Most, evaluations);
    }
}
