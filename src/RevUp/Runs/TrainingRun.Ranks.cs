using System.Security.Cryptography;
using RevUp.Backends;
using RevUp.Data;
using RevUp.Distributed;
using RevUp.Layers;
using RevUp.Recipes;
using RevUp.Reversible;
using RevUp.Tensors;

namespace RevUp.Runs;

// Ranks of a run: the first one reads and writes its folder, and all keep the same weights.
public sealed partial class TrainingRun
{
    private const int DigestPart = 1 << 20;

    private readonly Collective _ranks;
    private long _averagedAt = -1;

    /// <summary>A run whose steps several ranks share; the first one has the folder.</summary>
    /// <inheritdoc cref="TrainingRun(Backend, Recipe, string, bool)"/>
    /// <param name="ranks">All ranks, each of which makes the run with the same recipe.</param>
    public TrainingRun(Backend backend, Recipe recipe, string? folder, bool resume, Ranks ranks)
        : this(backend, recipe, folder, resume, (ranks ?? throw new ArgumentNullException(nameof(ranks))).All)
    {
    }

    /// <inheritdoc cref="TrainingRun(Backend, Recipe, string, bool, Ranks)"/>
    internal TrainingRun(Backend backend, Recipe recipe, string? folder, bool resume, Collective ranks)
        : this(backend, recipe, folder, resume, RunData.Open(recipe), ranks: ranks)
    {
    }

    // A rank of several on devices has the memory of a run with its own passes alone.
    private Recipe OfOneRank(Recipe recipe) => !_ranks.IsConcurrent
        ? recipe
        : recipe with
        {
            Training = recipe.Training with { Accumulate = recipe.Training.PassesOf(_ranks.Size) },
        };

    // A rank with other files would train or evaluate on other samples, and nobody would notice.
    private void RequireSameData()
    {
        if (_ranks.IsAlone)
        {
            return;
        }
        RankData[] all = _ranks.Gather(
            new RankData(Environment.MachineName, _data.Identities), RunRankJson.Default.RankData,
            "the names of samples");
        for (int rank = 1; rank < all.Length; rank++)
        {
            if (all[0].Difference(all[rank]) is { } difference)
            {
                throw _ranks.Refuse(new RankRefusedException(
                    $"Rank {rank} on {all[rank].Node} has other data than rank 0 on {all[0].Node}: {difference}. Give "
                    + "every node the same files at data.path."));
            }
        }
    }

    // The first rank has read the checkpoint, or every rank has drawn the same weights.
    private void ShareStart(Start start)
    {
        if (_ranks.IsAlone)
        {
            return;
        }
        _step.Count = start.Step;
        _step.Engine.Inverter.Plan.Restore(start.Evaluations);
        _ranks.Broadcast(Network.Parameters.Values, "the weights");
        foreach (Tensor moment in _step.Optimizer.Moments)
        {
            _ranks.Broadcast(moment, "the moments");
        }
        foreach (Tensor average in _step.Average?.Values ?? [])
        {
            _ranks.Broadcast(average, "the averages of the weights");
        }
        ShareState();
    }

    // Before evaluations and checkpoints: the averages of each rank are of its own batches.
    private void AverageStatistics()
    {
        if (_ranks.IsAlone || _averagedAt == _step.Count)
        {
            return;
        }
        _averagedAt = _step.Count;
        IEnumerable<Tensor> running =
            Network.Parameters.State.Where(state => BatchNorm.IsRunning(state) && !state.IsFrozen)
                .Select(state => state.Value);
        foreach (Tensor statistic in running.Concat(_step.Average?.Statistics ?? []))
        {
            _ranks.Sum(statistic, "the running statistics");
            float[] sums = new float[statistic.Count];
            Network.Backend.Download<float>(statistic, sums);
            Network.Backend.Upload<float>([.. sums.Select(sum => sum / _ranks.Size)], statistic);
        }
        ShareState();
    }

    // Processors of two kinds round power iterations in two ways.
    private void ShareState()
    {
        if (!Network.Parameters.StateValues.IsEmpty)
        {
            _ranks.Broadcast(Network.Parameters.StateValues, "the state");
        }
        Network.Coefficients?.Reload();
        Network.Invalidate();
    }

    private void RequireSameWeights()
    {
        byte[][] digests = _ranks.Gather(_ranks.IsAlone ? [] : Digest(Network.Parameters.Values), "the digests");
        int other = Array.FindIndex(digests, digest => !digest.AsSpan().SequenceEqual(digests[0]));
        if (other > 0)
        {
            throw _ranks.Refuse(new RankRefusedException(
                $"After step {_step.Count} rank {other} has other weights than rank 0: the ranks do not compute alike. "
                + "Earlier checkpoints are unchanged. Run all ranks on processors of one kind with one version of "
                + "RevUp and of the MPI library, then go on with --resume."));
        }
    }

    private byte[] Digest(Tensor values)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        float[] part = new float[Math.Min(values.Count, DigestPart)];
        for (long start = 0; start < values.Count; start += part.Length)
        {
            Span<float> numbers = part.AsSpan(0, (int)Math.Min(part.Length, values.Count - start));
            Network.Backend.Download(values.Slice(start, new Shape(numbers.Length)), numbers);
            hash.AppendData(MemoryMarshal.AsBytes(numbers));
        }
        return hash.GetHashAndReset();
    }

    // The parts of the data that a rank has opened.
    internal sealed record RankData(string Node, IReadOnlyDictionary<string, DataIdentity> Parts)
    {
        public string? Difference(RankData other)
        {
            foreach (string part in Parts.Keys.Union(other.Parts.Keys))
            {
                string? difference =
                    Parts.TryGetValue(part, out DataIdentity? own) && other.Parts.TryGetValue(part, out var found)
                        ? own.Difference(found)
                        : "only one of them has it";
                if (difference is not null)
                {
                    return $"in the {part} part {difference}";
                }
            }
            return null;
        }
    }

    // State of the step with which a run begins.
    internal sealed record Start(long Step, EvaluationPlanState? Evaluations);
}
