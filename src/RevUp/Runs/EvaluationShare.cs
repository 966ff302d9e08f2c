using RevUp.Distributed;

namespace RevUp.Runs;

/// <summary>
/// Part of an evaluation that one rank has done, batch by batch: the sums do not depend on who did
/// which batch.
/// </summary>
/// <param name="tally">Gathers the outputs.</param>
/// <param name="batches">Batches of all ranks.</param>
/// <param name="samples">Samples of all ranks at most.</param>
internal sealed class EvaluationShare(OutputTally tally, int batches, int samples)
{
    // Loss and right answers of each batch; 0 where another rank has it.
    private readonly double[] _losses = new double[batches];
    private readonly double[] _right = new double[batches];
    private int _evaluated;

    /// <summary>The outputs.</summary>
    public OutputTally Tally => tally;

    /// <summary>Adds a batch.</summary>
    /// <param name="index">Its place in the dataset.</param>
    /// <param name="count">Its samples.</param>
    /// <param name="sums">Loss and right answers.</param>
    public void Add(int index, int count, ReadOnlySpan<double> sums)
    {
        (_losses[index], _right[index]) = (sums[0], sums[1]);
        _evaluated += count;
    }

    /// <summary>Adds the parts of all ranks, on each.</summary>
    public void Join(Collective ranks)
    {
        if (ranks.IsAlone)
        {
            return;
        }
        using MemoryStream own = new();
        using (BinaryWriter writer = new(own))
        {
            Write(writer);
        }
        byte[][] parts = ranks.Gather(own.ToArray(), "the parts of an evaluation");
        for (int rank = 0; rank < parts.Length; rank++)
        {
            if (rank != ranks.Rank)
            {
                using BinaryReader reader = new(new MemoryStream(parts[rank]));
                Add(reader);
            }
        }
    }

    /// <summary>The result.</summary>
    public EvaluationResult Complete()
    {
        double loss = 0, right = 0;
        for (int batch = 0; batch < _losses.Length; batch++)
        {
            loss += _losses[batch];
            right += _right[batch];
        }
        return Tally.Complete(
            new EvaluationResult(right / _evaluated, loss / _evaluated, _evaluated, samples - _evaluated));
    }

    private void Write(BinaryWriter writer)
    {
        writer.Write(_evaluated);
        writer.Write(MemoryMarshal.AsBytes<double>(_losses));
        writer.Write(MemoryMarshal.AsBytes<double>(_right));
        Tally.Write(writer);
    }

    private void Add(BinaryReader reader)
    {
        _evaluated += reader.ReadInt32();
        Add(reader, _losses);
        Add(reader, _right);
        Tally.Add(reader);
    }

    private static void Add(BinaryReader reader, double[] sums)
    {
        for (int batch = 0; batch < sums.Length; batch++)
        {
            sums[batch] += reader.ReadDouble();
        }
    }
}
