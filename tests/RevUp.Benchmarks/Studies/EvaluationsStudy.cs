using RevUp.Backends.Cpu;
using RevUp.Recipes;
using RevUp.Reversible;

namespace RevUp.Benchmarks.Studies;

/// <summary>One gradient of `invert` against that of `store`, on one network at one moment of its training.</summary>
/// <param name="Recipe">Name of the recipe.</param>
/// <param name="Coefficient">c, the Lipschitz coefficient.</param>
/// <param name="Seed">Seed of weights and data.</param>
/// <param name="Epochs">Epochs of training behind it.</param>
/// <param name="Tolerance">Tolerance of the inversion.</param>
/// <param name="MeanEvaluations">k over the blocks.</param>
/// <param name="MaxEvaluations">Largest k.</param>
/// <param name="GradientError">‖g − g_store‖ / ‖g_store‖.</param>
/// <param name="MaxResidual">Largest inversion residual.</param>
/// <param name="Replays">Inversions refused.</param>
/// <param name="Loss">The last training loss; NaN is not JSON, so null before the first step.</param>
/// <param name="Origin">What measured it, and where.</param>
internal sealed record EvaluationsRow(
    string Recipe,
    double Coefficient,
    int Seed,
    int Epochs,
    double Tolerance,
    double MeanEvaluations,
    int MaxEvaluations,
    double GradientError,
    double MaxResidual,
    int Replays,
    double? Loss,
    Origin Origin) : IMeasured;

/// <summary>Branch evaluations of an inversion, and the error it leaves in the gradient: against tolerance, Lipschitz coefficient and training.</summary>
internal static class EvaluationsStudy
{
    private const string Result = "evaluations";

    public static void Run(Arguments arguments)
    {
        bool quick = arguments.Quick;
        Recipe recipe = arguments.Recipe("fashion-mnist-short");
        double[] coefficients = arguments.Fractions("--coefficients", quick ? "0.9" : "0.5,0.7,0.9,0.97");
        double[] tolerances = arguments.Fractions("--tolerances", quick ? "1e-1,1e-3" : "1e-1,3e-2,1e-2,1e-3");
        int[] epochs = arguments.IntegersOrZero("--epochs", quick ? "0,1" : "0,1,3");
        int[] seeds = arguments.Integers("--seeds", quick ? "1" : "1,2,3");
        int threads = arguments.Integer("--threads", Environment.ProcessorCount);
        arguments.RequireNoOthers();

        Report report = new("Branch evaluations and gradient error of `invert`", arguments, threads);
        using CpuBackend backend = new(threads);
        IReadOnlyList<EvaluationsRow> all = [];
        foreach (double coefficient in coefficients)
        {
            foreach (int seed in seeds)
            {
                Report.Progress($"c = {coefficient}, seed {seed} ...");
                List<EvaluationsRow> rows = Measure(backend, Variant(recipe, coefficient, seed), [.. epochs.Order()], tolerances, report.Origin);
                all = report.Merge(Result, rows, row => row.Recipe, row => (row.Coefficient, row.Seed, row.Epochs, row.Tolerance));
            }
        }
        Describe(report, all);
        report.Write(Result);
    }

    private static Recipe Variant(Recipe recipe, double coefficient, int seed)
    {
        Recipe variant = recipe with
        {
            Model = recipe.Model with { Lipschitz = recipe.Model.Lipschitz with { Coefficient = coefficient } },
            Training = recipe.Training with { Seed = (ulong)seed },
        };
        variant.Validate();
        return variant;
    }

    private static List<EvaluationsRow> Measure(CpuBackend backend, Recipe recipe, int[] epochs, double[] tolerances, Origin origin)
    {
        // Trained with exact gradients, so that what is measured has no part in what it is measured on.
        using RecipeTrainer trainer = new(backend, recipe, MemoryPolicy.Store);
        ReversibleEngine engine = trainer.Step.Engine;
        MemoryPlan plan = engine.Plan;
        // The last batch of the set's next epoch that training will not reach: its samples are known, their crops and order are new.
        (float[] Pixels, float[] Targets) batch = trainer.Batches(epoch: epochs[^1] + 1, count: 1)[0];
        List<EvaluationsRow> rows = [];
        double? loss = null;
        foreach (int epoch in epochs)
        {
            double[] losses = trainer.Train(epoch * trainer.BatchesPerEpoch, epochs[^1] * trainer.BatchesPerEpoch);
            loss = losses.Length > 0 ? losses[^1] : loss;
            trainer.Network.PrepareInference(recipe.Training.BatchSize);
            float[] reference = GradientProbe.Of(trainer.Network, engine, batch);
            engine.Plan = plan with { Policy = MemoryPolicy.Invert };
            foreach (double tolerance in tolerances)
            {
                engine.Inversion = recipe.Reversible.Inversion with { Tolerance = tolerance, HardLimit = Math.Max(tolerance, recipe.Reversible.HardLimit) };
                double error = GradientProbe.Compare(GradientProbe.Of(trainer.Network, engine, batch), reference).Difference;
                InversionRecord[] records = engine.Records.ToArray();
                rows.Add(new EvaluationsRow(
                    recipe.Name,
                    recipe.Model.Lipschitz.Coefficient,
                    (int)recipe.Training.Seed,
                    epoch,
                    tolerance,
                    records.Average(record => record.Evaluations),
                    records.Max(record => record.Evaluations),
                    error,
                    records.Max(record => record.Residual),
                    records.Count(record => record.Replayed),
                    loss,
                    origin));
            }
            engine.Plan = plan;
        }
        return rows;
    }

    private static void Describe(Report report, IReadOnlyList<EvaluationsRow> all)
    {
        report.Paragraph(
            """
            Networks trained with `store`, so with exact gradients, on the recipe's schedule for the last of the epochs. At each moment the gradient of all
            parameters together on one batch, weights and norms frozen: ‖g − g_store‖ / ‖g_store‖ when blocks are inverted at a tolerance. Medians over the
            seeds, with the least and the largest; k is the mean over the blocks. Before training the last convolution of every branch is zero, F = 0, and one
            evaluation is exact. Coefficients of 1 and more are adaptive control's alone: see `accuracy.md`.
            """);
        foreach (IGrouping<string, EvaluationsRow> recipe in all.GroupBy(row => row.Recipe))
        {
            report.Heading(recipe.Key);
            report.Origins(recipe.Select(row => row.Origin));
            report.Table(
                [
                    "c, epochs, tolerance", "mean k", "least", "largest", "max k", "gradient error", "least", "largest", "worst residual", "replays", "loss",
                    "seeds",
                ],
                from row in recipe
                orderby row.Coefficient, row.Epochs, row.Tolerance descending
                group row by $"{row.Coefficient}, {row.Epochs}, {row.Tolerance:0e-0}" into moment
                select Cells(moment.Key, [.. moment]));
        }
    }

    private static string[] Cells(string name, EvaluationsRow[] seeds) =>
    [
        name,
        $"{Statistics.Median(seeds.Select(row => row.MeanEvaluations)):F2}",
        $"{seeds.Min(row => row.MeanEvaluations):F2}",
        $"{seeds.Max(row => row.MeanEvaluations):F2}",
        $"{seeds.Max(row => row.MaxEvaluations)}",
        $"{Statistics.Median(seeds.Select(row => row.GradientError)):0.0e-0}",
        $"{seeds.Min(row => row.GradientError):0.0e-0}",
        $"{seeds.Max(row => row.GradientError):0.0e-0}",
        $"{seeds.Max(row => row.MaxResidual):0.0e-0}",
        $"{seeds.Sum(row => row.Replays)}",
        seeds.All(row => row.Loss is null) ? "" : $"{seeds.Average(row => row.Loss):F3}",
        $"{seeds.Length}",
    ];
}
