using RevUp.Distributed;
using RevUp.Reversible;

namespace RevUp.Training;

/// <summary>
/// Numbers of the passes that ranks tell each other before the verdict on a step: the losses, the
/// inversions, whether a loss is no number, and whether a rank is asked to stop.
/// </summary>
/// <param name="ranks">More than one.</param>
/// <param name="protocol">Takes the sums.</param>
/// <param name="passes">Passes of one rank in a step.</param>
/// <param name="worst">
/// Whether the worst inversions of all ranks count, for a plan of the next step.
/// </param>
internal sealed class StepAgreement(Collective ranks, StepProtocol protocol, int passes, bool worst)
{
    // Loss and right answers.
    private const int Numbers = 2;

    // With whether a rank is asked to stop at the end.
    private readonly double[] _own = new double[Numbers * passes + 1];
    private readonly double[] _all = new double[(Numbers * passes + 1) * ranks.Size];
    private string? _fault;

    /// <summary>Takes the loss of one pass; false when it is no number.</summary>
    /// <param name="pass">Passes of this rank before it.</param>
    /// <param name="fault">Says where the number comes from.</param>
    public bool Take(int pass, Func<double, string> fault)
    {
        Span<double> losses = _own.AsSpan(Numbers * pass, Numbers);
        protocol.TakeLosses(losses);
        // This rank goes on to where the others wait, and all fail there.
        bool isFinite = double.IsFinite(losses[0]);
        _fault = isFinite ? _fault : _fault ?? fault(losses[0]);
        return isFinite;
    }

    /// <summary>Gives the protocol the sums over all ranks, in the order of the passes.</summary>
    /// <exception cref="TrainingDivergedException">
    /// A loss is no number; all ranks throw the message of the first such rank.
    /// </exception>
    public void Conclude()
    {
        _own[^1] = protocol.AsksToStop ? 1 : 0;
        ranks.Gather(MemoryMarshal.AsBytes(_own.AsSpan()), MemoryMarshal.AsBytes(_all.AsSpan()), "the losses");
        Span<double> sums = stackalloc double[StepProtocol.SharedLength];
        sums.Clear();
        for (int rank = 0; rank < ranks.Size; rank++)
        {
            sums[0] += _all[(rank + 1) * _own.Length - 1];
        }
        for (int pass = 0; pass < passes; pass++)
        {
            for (int rank = 0; rank < ranks.Size; rank++)
            {
                int place = rank * _own.Length + Numbers * pass;
                sums[1] += _all[place];
                sums[2] += _all[place + 1];
            }
        }
        if (!double.IsFinite(sums[1]))
        {
            string? fault = ranks.Gather(_fault!, RankJson.Default.String, "the losses")
                .FirstOrDefault(text => text is not null);
            if (fault is not null)
            {
                throw ranks.Refuse(new TrainingDivergedException(fault));
            }
        }
        protocol.Agree(sums, worst);
    }

    /// <summary>Drops what was taken of a step that did not come to its end.</summary>
    public void Forget() => _fault = null;
}
