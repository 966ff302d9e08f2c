namespace RevUp.Benchmarks.Studies;

/// <summary>How one training ended.</summary>
/// <param name="Recipe">Name of the recipe.</param>
/// <param name="Epochs">Its epochs.</param>
/// <param name="Samples">Samples of the training set.</param>
/// <param name="Policy">Name of the memory plan.</param>
/// <param name="Seed">Seed of weights and data.</param>
/// <param name="Top1">Fraction of the test set.</param>
/// <param name="Loss">Loss on the test set.</param>
/// <param name="TrainingLoss">Mean loss of the last epoch's steps.</param>
/// <param name="MaxResidual">Largest inversion residual.</param>
/// <param name="Replays">Inversions refused and replaced by a recomputation.</param>
/// <param name="Evaluations">Mean k of every block, for each epoch; empty when nothing was inverted.</param>
/// <param name="Origin">What measured it, and where.</param>
internal sealed record SeedRow(
    string Recipe,
    int Epochs,
    int Samples,
    string Policy,
    int Seed,
    double Top1,
    double Loss,
    double TrainingLoss,
    double MaxResidual,
    long Replays,
    double[][] Evaluations,
    Origin Origin) : IMeasured
{
    private bool Inverts => Evaluations.Length > 0;

    /// <summary>Every run of a section, by policy and seed.</summary>
    public static void Describe(Report report, IReadOnlyCollection<SeedRow> rows) => report.Table(
        ["run", "test top-1, %", "test loss", "training loss", "mean k", "worst residual", "replays"],
        rows.Select(row => (string[])
        [
            $"{row.Policy}, seed {row.Seed}",
            $"{100 * row.Top1:F2}",
            $"{row.Loss:F4}",
            $"{row.TrainingLoss:F4}",
            row.Inverts ? $"{row.Evaluations.Average(epoch => epoch.Average()):F2}" : "",
            row.Inverts ? $"{row.MaxResidual:0.0e-0}" : "",
            row.Inverts ? $"{row.Replays}" : "",
        ]));

    /// <summary>Every policy of a section over its seeds: the mean, their spread, and how far it is from the first policy's runs of the same seeds.</summary>
    public static void Compare(Report report, IReadOnlyCollection<SeedRow> rows)
    {
        IGrouping<string, SeedRow>[] policies = [.. rows.GroupBy(row => row.Policy)];
        Dictionary<int, double> first = policies[0].ToDictionary(row => row.Seed, row => row.Top1);
        report.Table(
            ["policy", "test top-1, %", "± %", $"less that of {policies[0].Key}", "test loss", "training loss", "seeds"],
            policies.Select(policy => (string[])
            [
                policy.Key,
                $"{100 * policy.Average(row => row.Top1):F2}",
                policy.Count() == 1 ? "" : $"{100 * Statistics.StandardDeviation([.. policy.Select(row => row.Top1)]):F2}",
                string.Join(", ", policy.Where(row => first.ContainsKey(row.Seed)).Select(row => $"{100 * (row.Top1 - first[row.Seed]):+0.00;−0.00}")),
                $"{policy.Average(row => row.Loss):F4}",
                $"{policy.Average(row => row.TrainingLoss):F4}",
                $"{policy.Count()}",
            ]));
    }
}
