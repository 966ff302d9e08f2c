using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using RevUp.Backends.Cpu;
using RevUp.Data;
using RevUp.Models;
using RevUp.Recipes;
using RevUp.Reversible;
using RevUp.Runs;

namespace RevUp.Benchmarks.Studies;

/// <summary>Whether training under one policy ends where training under another does: top-1 and loss over seeds, k on the way.</summary>
internal static class SeedsStudy
{
    /// <summary>The name of its results.</summary>
    public const string Result = "seeds";

    private const string SummaryFile = "result.json";

    public static void Run(Arguments arguments)
    {
        Recipe recipe = arguments.Recipe("fashion-mnist-short");
        (string Name, MemoryPlan Plan)[] plans = arguments.Plans("store,invert");
        int[] seeds = arguments.Integers("--seeds", arguments.Quick ? "1" : "1,2,3");
        int threads = arguments.Integer("--threads", Environment.ProcessorCount);
        arguments.RequireNoOthers();
        foreach ((string _, MemoryPlan plan) in plans)
        {
            plan.Validate(recipe.Model);
        }

        string folder = arguments.Quick ? Checkout.Path(arguments.Output, "runs") : Checkout.Path("artifacts", "studies", "runs");
        int samples = SampleCount(recipe);
        Report report = new("Where training ends under different policies, over seeds", arguments, threads);
        IReadOnlyList<SeedRow> all = [];
        foreach (int seed in seeds)
        {
            foreach ((string name, MemoryPlan plan) in plans)
            {
                Recipe own = recipe with
                {
                    Training = recipe.Training with { Seed = (ulong)seed },
                    Reversible = recipe.Reversible with { Policy = plan.Policy, CompressBits = plan.CompressBits },
                };
                all = report.Merge(Result, [Train(own, samples, name, folder, threads, report.Origin)], Section, row => (row.Policy, row.Seed));
            }
        }
        Describe(report, all);
        report.Write(Result);
    }

    /// <summary>The part of the report that a row is in.</summary>
    public static object Section(SeedRow row) => (row.Recipe, row.Epochs, row.Samples);

    private static SeedRow Train(Recipe recipe, int samples, string policy, string folder, int threads, Origin origin)
    {
        string run = Folder(recipe, policy, folder);
        string file = Path.Combine(run, SummaryFile);
        if (File.Exists(file))
        {
            Report.Progress($"{policy}, seed {recipe.Training.Seed}: done before, in {Path.GetRelativePath(Checkout.Root, run)}");
            return JsonSerializer.Deserialize<SeedRow>(File.ReadAllText(file))!;
        }
        using CpuBackend backend = new(threads);
        using TrainingRun training = new(backend, recipe, run, resume: true);
        RunSummary summary = training.Run(
            at =>
            {
                if (at.Step % 50 == 0 || at.Evaluation is not null)
                {
                    double top1 = at.Evaluation?.Top1 ?? at.Top1;
                    Report.Progress($"{policy}, seed {recipe.Training.Seed}: step {at.Step}/{at.Steps}, loss {at.Loss:F3}, top-1 {100 * top1:F2} %");
                }
            },
            CancellationToken.None);
        (double loss, double[][] evaluations) = Read(run, recipe.Training.Epochs);
        SeedRow row = new(
            recipe.Name,
            recipe.Training.Epochs,
            samples,
            policy,
            (int)recipe.Training.Seed,
            summary.Evaluation.Top1,
            summary.Evaluation.Loss,
            loss,
            summary.MaxInversionResidual,
            summary.Replays,
            summary.MaxEvaluations == 0 ? [] : evaluations,
            origin);
        File.WriteAllText(file, JsonSerializer.Serialize(row));
        return row;
    }

    private static int SampleCount(Recipe recipe)
    {
        using ImageDataset data = Datasets.Open(recipe.Data, DatasetSplit.Train);
        return data.Count;
    }

    // Runs that differ in what they train have folders of their own.
    private static string Folder(Recipe recipe, string policy, string folder)
    {
        byte[] hash = SHA256.HashData(Encoding.UTF8.GetBytes(RecipeFile.Serialize(recipe)));
        return Path.Combine(folder, $"{recipe.Name}-{policy}-{recipe.Training.Seed}-{Convert.ToHexStringLower(hash)[..8]}");
    }

    // From a run's metrics: the mean loss of the last epoch, and the mean k of every block for each epoch.
    private static (double Loss, double[][] Evaluations) Read(string folder, int epochs)
    {
        List<double> losses = [];
        List<int[]>[] evaluations = [.. Enumerable.Range(0, epochs).Select(_ => new List<int[]>())];
        foreach (string line in File.ReadLines(Path.Combine(folder, MetricsLog.FileName)))
        {
            using JsonDocument document = JsonDocument.Parse(line);
            JsonElement root = document.RootElement;
            if (root.GetProperty("type").ValueEquals("step"))
            {
                int epoch = root.GetProperty("epoch").GetInt32();
                evaluations[epoch].Add([.. root.GetProperty("evaluations").EnumerateArray().Select(k => k.GetInt32())]);
                if (epoch == epochs - 1)
                {
                    losses.Add(root.GetProperty("loss").GetDouble());
                }
            }
        }
        return (losses.Average(), [.. evaluations.Select(epoch => (double[])[.. epoch[0].Select((_, block) => epoch.Average(step => step[block]))])]);
    }

    private static void Describe(Report report, IReadOnlyList<SeedRow> all)
    {
        report.Paragraph(
            """
            Runs of one recipe and one seed differ in their memory policy alone: weights, order of the samples and augmentation are the same. `invert` is at the
            recipe's tolerance. Training loss: mean over the steps of the last epoch. Replays: inversions refused and replaced by a recomputation.
            """);
        foreach (IGrouping<object, SeedRow> section in all.GroupBy(Section))
        {
            SeedRow[] rows = [.. section.OrderBy(row => PlanName.Order(row.Policy)).ThenBy(row => row.Seed)];
            report.Heading($"{rows[0].Recipe}, {rows[0].Epochs} epochs of {rows[0].Samples} samples");
            report.Origins(rows.Select(row => row.Origin));
            SeedRow.Describe(report, rows);
            report.Paragraph("Over the seeds: mean ± standard deviation, and the difference for each seed.");
            SeedRow.Compare(report, rows);
            foreach (IGrouping<string, SeedRow> policy in rows.Where(row => row.Evaluations.Length > 0).GroupBy(row => row.Policy))
            {
                report.Paragraph($"Mean k of each block and epoch under `{policy.Key}`, over the seeds:");
                report.Table(
                    ["block", .. Enumerable.Range(1, rows[0].Epochs).Select(epoch => $"epoch {epoch}")],
                    Enumerable.Range(0, policy.First().Evaluations[0].Length).Select(block => (string[])
                    [
                        $"{block}",
                        .. Enumerable.Range(0, rows[0].Epochs).Select(epoch => $"{policy.Average(row => row.Evaluations[epoch][block]):F2}"),
                    ]));
            }
        }
    }
}
