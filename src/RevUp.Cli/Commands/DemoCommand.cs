using System.Diagnostics;
using RevUp.Cli.Reporting;
using RevUp.Models;
using RevUp.Planning;

namespace RevUp.Cli.Commands;

/// <summary>
/// <c>revup demo</c>: measures what each memory policy needs for a network, then trains and
/// evaluates it, in about three minutes.
/// </summary>
internal static class DemoCommand
{
    private const string RecipeName = "fashion-mnist";
    private const string SegmentationName = "segment-lesions";
    private const int DepthFactor = 8;

    // Of the recipe as it is, with two seeds: results/demo.md.
    private const string FullRun = " and reaches 91.6 to 91.8 % on the test set";

    private static readonly TimeSpan SpeedTime = TimeSpan.FromSeconds(5);
    private static readonly MemoryPolicy[] Policies =
        [MemoryPolicy.Invert, MemoryPolicy.Checkpoint, MemoryPolicy.Store];

    public static Command Create(Terminal terminal, CommonOptions common)
    {
        Option<bool> segment = Usage.Flag(
            "--segment", $"Segment drawn lesions instead, and show them; the same as --recipe {SegmentationName}.");
        RecipeOptions recipes = new(at => at.GetValue(segment) ? SegmentationName : RecipeName);
        Option<string> output = new("--output")
        {
            Description = "The run's folder; an earlier run in it is replaced.",
            HelpName = "DIR",
            DefaultValueFactory = _ => Path.Combine("runs", "demo"),
        };
        MemoryBudgetOption budget = new();
        Command command = new(
            "demo", "Compare the memory policies, train on Fashion-MNIST and evaluate: three minutes.")
        {
            output, budget, segment,
        };
        recipes.AddTo(command);
        command.SetAction(arguments =>
        {
            Recipe recipe = recipes.Load(arguments, common, budget.Overrides(arguments));
            string folder = arguments.GetRequiredValue(output);
            Backend Open() => common.OpenBackend(arguments);
            long start = Stopwatch.GetTimestamp();
            RunFolder.Clear(folder);
            // The network itself, and what it would need at a multiple of its depth: one policy
            // does not mind.
            int[] depths = [MemoryCommand.OwnDepth, DepthFactor * recipe.Model.BlockCount];
            MemoryRow[] rows =
                [.. depths.SelectMany(depth => MemoryCommand.Measure(terminal, recipe, depth, Policies, Open))];
            if (!recipes.Sets(arguments, "training.epochs") && recipe.Training.Steps == 0)
            {
                recipe = Fit(terminal, recipe, common.Precision(arguments), start, Open);
            }
            RunSummary summary = Train(terminal, recipe, folder, Open);
            if (summary.Interrupted)
            {
                // The run's own copy of the recipe has every override in it; another device or
                // other threads would go on with other roundings.
                string copy = Path.Combine(folder, TrainingRun.RecipeFileName);
                return TrainingSession.ReportInterruption(
                    terminal, summary,
                    ["train", "--recipe", copy, "--output", folder, "--resume", .. common.SameDevice(arguments)]);
            }
            if (arguments.GetValue(common.Json))
            {
                terminal.WriteJson(new DemoDocument(TrainDocument.From(summary), rows));
                return ExitCode.Success;
            }
            terminal.Write(Describe(terminal, summary, rows));
            if (recipe.Model.Task == ModelTask.Segmentation)
            {
                using Backend backend = Open();
                string page = Path.GetFullPath(HtmlReport.Write(backend, folder));
                terminal.WriteLine($"Truth and prediction, drawn in the worst and best cases: {page}");
            }
            Suggest(terminal, folder);
            return ExitCode.Success;
        });
        return command;
    }

    // The length that ends in time, said with what a full run would be.
    private static Recipe Fit(
        Terminal terminal, Recipe recipe, BranchPrecision? precision, long start, Func<Backend> open)
    {
        terminal.Note("measuring the speed ...");
        using Backend backend = open();
        TrainingSpeed speed = SpeedProbe.Measure(backend, recipe, SpeedTime);
        Recipe fitted = DemoLength.Fit(recipe, speed, DemoLength.Budget - Stopwatch.GetElapsedTime(start));
        Recipe whole = RecipeCatalog.Load(RecipeName, [], precision);
        bool plain = RecipeFile.Serialize(recipe) == RecipeFile.Serialize(whole);
        terminal.Note(DemoLength.Describe(recipe, fitted, speed, plain ? FullRun : ""));
        return fitted;
    }

    private static RunSummary Train(Terminal terminal, Recipe recipe, string folder, Func<Backend> open)
    {
        using Backend backend = open();
        return TrainingSession.Run(terminal, backend, recipe, folder, resume: false);
    }

    private static Table Describe(Terminal terminal, RunSummary summary, IEnumerable<MemoryRow> rows)
    {
        Table table = SummaryTable.Create(terminal, summary);
        foreach (MemoryRow row in rows)
        {
            table.AddRow(
                $"activation memory, {Format.Blocks(row.Blocks)}, {Format.Name(row.Policy)}",
                $"{Format.MiB(row.ActivationPeakBytes)} MiB");
        }
        return table;
    }

    private static void Suggest(Terminal terminal, string folder)
    {
        (string[] Words, string Purpose)[] commands =
        [
            (
                ["memory", "--recipe", "fashion-mnist", "--blocks", "3,12,48"],
                "memory at other depths: 'invert' does not grow"),
            (["inspect", "--checkpoint", folder], "how invertible each block has stayed"),
            (["recipes"], "deeper networks, ImageNet and 3-D; 'recipes show NAME' prints one"),
        ];
        terminal.WriteLine("What to try next:");
        foreach ((string[] words, string purpose) in commands)
        {
            terminal.WriteLine($"  {CommandName.Line(words)}");
            terminal.WriteLine($"      {purpose}");
        }
    }
}
