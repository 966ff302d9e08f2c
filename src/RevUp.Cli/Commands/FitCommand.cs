using RevUp.Planning;

namespace RevUp.Cli.Commands;

/// <summary>
/// <c>revup fit</c>: the largest cube, image, batch or depth that a recipe trains with in a budget
/// of memory.
/// </summary>
internal static class FitCommand
{
    // The runtime, the libraries and the data take the rest.
    private const double Share = 0.9;

    private const string Nothing = "-";

    public static Command Create(Terminal terminal, CommonOptions common)
    {
        RecipeOptions recipes = new();
        MemoryBudgetOption budget = new()
        {
            Description =
                "Memory that a step may take (parameters, gradients, optimiser, activations, workspace). By default "
                + "the recipe's, or nine tenths of what the device has free.",
        };
        Option<FitDimension?> dimension = new("--dimension")
        {
            Description =
                "What is to be as large as possible: the edge of a cubic volume or square image (the default), the "
                + "samples of a batch, or the blocks of the network.",
            HelpName = "cube|image|batch|depth",
            CustomParser = argument =>
            {
                string word = argument.Tokens[0].Value;
                foreach (FitDimension known in Enum.GetValues<FitDimension>())
                {
                    if (FitSizes.Name(known) == word)
                    {
                        return known;
                    }
                }
                argument.AddError($"'{word}' is not a dimension; use cube, image, batch or depth.");
                return null;
            },
        };
        Option<bool> forecastOnly = Usage.Flag(
            "--forecast-only", "Leave out the real step that proves the forecast.");
        Command command = new(
            "fit", "Find the largest volume, image, batch or depth that a recipe trains with in a budget of memory.")
        {
            budget, dimension, forecastOnly,
        };
        recipes.AddTo(command);
        command.SetAction(arguments =>
        {
            Recipe recipe = recipes.Load(arguments, common);
            long bytes = arguments.GetValue(budget) is { } text && ByteCount.TryParse(text, out long given) ? given
                : recipe.Reversible.MemoryBudget > 0 ? recipe.Reversible.MemoryBudget
                : Free(Open);
            FitSizes sizes = new(recipe, arguments.GetValue(dimension), bytes);
            using Interruption interruption = new(terminal, "Stopping; what is known follows.");
            FitSearch search = new(sizes, Open, line => terminal.Note($"forecast: {line}"), interruption.Token);
            Recipe found;
            FitDocument document;
            try
            {
                (int size, found, StepForecast step) = search.Largest();
                MemoryPlan plan = found.Reversible.Plan;
                document = new FitDocument(
                    bytes, sizes.Word, size, Math.Max(0, plan.Slab), PlanText.Lines(found.Model, plan), step,
                    Rows(search, interruption.Token));
            }
            catch (OperationCanceledException) when (interruption.Token.IsCancellationRequested)
            {
                terminal.Note("Stopped before a size was known.");
                return ExitCode.Interrupted;
            }
            if (!arguments.GetValue(common.Json))
            {
                Write(terminal, sizes, document);
            }
            document = arguments.GetValue(forecastOnly)
                ? document with { Unproven = "--forecast-only was given" }
                : Proven(document);
            if (arguments.GetValue(common.Json))
            {
                terminal.WriteJson(document);
            }
            else
            {
                terminal.WriteLine(Proof(sizes, document));
            }
            return interruption.Token.IsCancellationRequested ? ExitCode.Interrupted
                : document.Failed ? ExitCode.Failure
                : ExitCode.Success;

            Backend Open() => common.OpenBackend(arguments);

            FitDocument Proven(FitDocument document)
            {
                int threads = arguments.GetValue(common.Threads);
                FitProof proof = new(terminal, threads, common.SameDevice(arguments, threads));
                (MemoryRow? row, string? problem) = proof.Run(
                    found, TimeSpan.FromMilliseconds(document.Forecast.Milliseconds), interruption.Token);
                return document with { Proof = row, Unproven = problem, Failed = row is null };
            }
        });
        return command;
    }

    private static long Free(Func<Backend> open)
    {
        using Backend backend = open();
        return (long)(Share * ProcessMemory.FreeBytes(backend));
    }

    // Those that were found when the search was stopped.
    private static List<FitRow> Rows(FitSearch search, CancellationToken stop)
    {
        List<FitRow> rows = [];
        try
        {
            rows.AddRange(search.Alone());
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
        }
        return rows;
    }

    private static void Write(Terminal terminal, FitSizes sizes, FitDocument document)
    {
        Table table = terminal.NewTable("policy", "largest", "slab", "MiB of a step");
        table.Columns[2].RightAligned();
        table.Columns[3].RightAligned();
        foreach (FitRow row in document.Alone)
        {
            bool fits = row.Size > 0;
            table.AddRow(
                Format.Name(row.Policy) + (row.AllowsSlabs ? " + slabs" : ""),
                fits ? sizes.Text(row.Size) : Nothing,
                row.Slab > 0 ? Format.Count(row.Slab) : Nothing,
                fits ? Format.MiB(row.Bytes) : Nothing);
        }
        if (sizes.IsPlannable)
        {
            table.AddRow(
                "auto", sizes.Text(document.Size), document.Slab > 0 ? Format.Count(document.Slab) : Nothing,
                Format.MiB(document.Forecast.ReplayPeakBytes));
        }
        terminal.Write(table);
        terminal.WriteLine(
            $"Budget {Format.MiB(document.BudgetBytes)} MiB. Largest {document.Dimension}: "
            + $"{sizes.Text(document.Size)}, {PlanText.Words(document.Forecast)}.");
        foreach (string line in document.Plan)
        {
            terminal.WriteLine("  " + line);
        }
    }

    private static string Proof(FitSizes sizes, FitDocument document) => document.Proof is { } proof
        ? $"Proven by one step at {sizes.Text(document.Size)}: {Format.MiB(proof.TotalPeakBytes)} MiB at the peak, "
            + $"where {Format.MiB(document.Forecast.PeakBytes)} were forecast, {Format.MiB(proof.ProcessPeakBytes)} "
            + $"of the whole process, {Format.Milliseconds(proof.StepMilliseconds)} ms."
        : $"Not proven by a step: {document.Unproven}.";
}
