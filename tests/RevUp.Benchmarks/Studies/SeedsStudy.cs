using System.Text.Json;
using RevUp.Backends.Cpu;
using RevUp.Reversible;
using RevUp.Training;

namespace RevUp.Benchmarks.Studies;

/// <summary>Whether training with <c>invert</c> ends where training with <c>store</c> does: top-1 over seeds, and k per epoch and block on the way.</summary>
internal static class SeedsStudy
{
    private const string ResultFile = "result.json";

    private static readonly MemoryPolicy[] s_policies = [MemoryPolicy.Store, MemoryPolicy.Invert];

    /// <summary>How one run ended.</summary>
    private sealed record SeedResult(double Top1, double Loss, double StepMilliseconds, double MeanEvaluations, double MaxInversionResidual, long Replays);

    public static void Run(Arguments arguments)
    {
        Recipe recipe = Checkout.Recipe(arguments.Text("--recipe", "fashion-mnist-short"));
        int seeds = arguments.Integer("--seeds", 3);
        int epochs = arguments.Integer("--epochs", 1);
        int samples = arguments.Integer("--samples", int.MaxValue);
        int threads = arguments.Integer("--threads", Environment.ProcessorCount);
        arguments.RequireNoOthers();
        recipe = recipe with
        {
            Training = recipe.Training with { Epochs = epochs },
            Data = recipe.Data with { TrainingSamples = samples == int.MaxValue ? recipe.Data.TrainingSamples : samples },
        };

        // Policies inside, so that a slow hour of the machine meets both.
        List<(MemoryPolicy Policy, int Seed, SeedResult Result)> results =
            [.. from seed in Enumerable.Range(1, seeds) from policy in s_policies select (policy, seed, Train(recipe, policy, seed, threads))];
        Report report = new("Test accuracy with `invert` and with `store`, over seeds", arguments, threads);
        report.Paragraph(
            $"""
            Recipe {recipe.Name}, epochs: {epochs}, seeds 1 to {seeds}; `invert` at tolerance {recipe.Reversible.Tolerance:0e-0}. Replays: inversions
            refused and replaced by a recomputation.
            """);
        report.Table(
            ["run", "test top-1, %", "test loss", "median step, ms", "mean k", "worst residual", "replays"],
            results.OrderBy(run => run.Policy).Select(run => Row(run.Policy, run.Seed, run.Result)));
        report.Heading("Mean ± standard deviation over the seeds");
        report.Table(
            ["policy", "test top-1, %", "± %"],
            s_policies.Select(policy => Spread(policy, [.. results.Where(run => run.Policy == policy).Select(run => 100 * run.Result.Top1)])));
        Evaluations(report, recipe, seeds);
        report.Write("seeds");
    }

    private static SeedResult Train(Recipe recipe, MemoryPolicy policy, int seed, int threads)
    {
        string folder = Folder(recipe, policy, seed);
        string file = Path.Combine(folder, ResultFile);
        if (File.Exists(file))
        {
            Report.Progress($"{policy}, seed {seed}: done before, in {Path.GetRelativePath(Checkout.Root, folder)}");
            return JsonSerializer.Deserialize<SeedResult>(File.ReadAllText(file))!;
        }
        Recipe own = recipe with
        {
            Training = recipe.Training with { Seed = (ulong)seed },
            Reversible = recipe.Reversible with { Policy = policy },
        };
        using CpuBackend backend = new(threads);
        using TrainingRun run = new(backend, own, folder, resume: true);
        RunSummary summary = run.Run(
            at =>
            {
                if (at.Step % 50 == 0 || at.Evaluation is not null)
                {
                    double top1 = at.Evaluation?.Top1 ?? at.Top1;
                    Report.Progress($"{policy}, seed {seed}: step {at.Step}/{at.Steps}, loss {at.Loss:F3}, top-1 {100 * top1:F2} %");
                }
            },
            CancellationToken.None);
        SeedResult result = new(
            summary.Evaluation.Top1, summary.Evaluation.Loss, summary.StepMilliseconds, summary.MeanEvaluations, summary.MaxInversionResidual, summary.Replays);
        File.WriteAllText(file, JsonSerializer.Serialize(result));
        return result;
    }

    // Runs that differ in what they train have folders of their own; a change of the code has not: delete the folder then.
    private static string Folder(Recipe recipe, MemoryPolicy policy, int seed) => Checkout.Path(
        "artifacts", "studies", $"{recipe.Name}-{recipe.Training.Epochs}-epochs-{recipe.Data.TrainingSamples}-samples", $"{policy}-{seed}".ToLowerInvariant());

    private static string[] Row(MemoryPolicy policy, int seed, SeedResult result) =>
    [
        $"{policy}, seed {seed}".ToLowerInvariant(),
        $"{100 * result.Top1:F2}",
        $"{result.Loss:F4}",
        $"{result.StepMilliseconds:F1}",
        policy == MemoryPolicy.Invert ? $"{result.MeanEvaluations:F2}" : "",
        policy == MemoryPolicy.Invert ? $"{result.MaxInversionResidual:0.0e-0}" : "",
        policy == MemoryPolicy.Invert ? $"{result.Replays}" : "",
    ];

    private static string[] Spread(MemoryPolicy policy, double[] top1) =>
        [$"{policy}".ToLowerInvariant(), $"{top1.Average():F2}", top1.Length == 1 ? "" : $"{Statistics.StandardDeviation(top1):F2}"];

    private static void Evaluations(Report report, Recipe recipe, int seeds)
    {
        IGrouping<int, int[]>[] epochs =
        [
            .. Enumerable.Range(1, seeds).SelectMany(seed => Steps(Folder(recipe, MemoryPolicy.Invert, seed)))
                .GroupBy(step => step[0]).OrderBy(epoch => epoch.Key),
        ];
        report.Heading("Mean k of each block and epoch, over the seeds");
        report.Table(
            ["block", .. epochs.Select(epoch => $"epoch {epoch.Key + 1}")],
            Enumerable.Range(0, recipe.Model.BlockCount).Select(block =>
                (string[])[$"{block}", .. epochs.Select(epoch => $"{epoch.Average(step => step[block + 1]):F2}")]));
    }

    // Of every step in a run's metrics: the epoch, then k of each block.
    private static IEnumerable<int[]> Steps(string folder)
    {
        foreach (string line in File.ReadLines(Path.Combine(folder, MetricsLog.FileName)))
        {
            using JsonDocument document = JsonDocument.Parse(line);
            JsonElement root = document.RootElement;
            if (root.GetProperty("type").ValueEquals("step"))
            {
                yield return [root.GetProperty("epoch").GetInt32(), .. root.GetProperty("evaluations").EnumerateArray().Select(k => k.GetInt32())];
            }
        }
    }
}
