namespace RevUp.Reversible;

/// <summary>
/// Branch evaluations k of every block, planned from earlier steps, for steps that do not wait for
/// their own statistics. The plan rises at once when a block needs more. It falls only after
/// <see cref="Patience"/> steps, for all blocks together, because recorded work must be recorded
/// again for another k.
/// </summary>
/// <remarks>
/// A step may need more evaluations than were planned. It is trained on all the same, if its
/// residuals are under the hard limit and the bounds of its branches are below 1. The next step
/// gets more evaluations. There is no plan before a step has measured k with the adaptive solver,
/// nor after a step in which this solver gave up on a block.
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
    /// Takes the evaluations of the adaptive solver after too few were planned for one block. The
    /// needs of the other blocks from earlier steps stay. Otherwise one of these would be the next
    /// to fail.
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
