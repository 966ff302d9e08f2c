using RevUp.Planning;

namespace RevUp.Cli.Commands;

/// <summary>
/// <c>revup memory</c>: one real training step for every depth and policy, with its peak bytes by
/// purpose.
/// </summary>
internal static class MemoryCommand
{
    /// <summary>Stands for the depth that the recipe has.</summary>
    public const int OwnDepth = 0;

    public static Command Create(Terminal terminal, CommonOptions common)
    {
        RecipeOptions recipes = new();
        Option<int[]> blocks = new("--blocks")
        {
            Description = "Depths to measure, in blocks, such as 3,12,48; the recipe's own by default.",
            HelpName = "N,...",
            CustomParser = argument => ParseList(
                argument, "a number of blocks, such as 12",
                (string word, out int value) =>
                    int.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out value) && value > 0),
        };
        Option<MemoryPolicy[]> policies = new("--policy")
        {
            Description =
                "Policies to measure: store, checkpoint, compress, invert, and auto with a budget; by default all that "
                + "the recipe's blocks can follow.",
            HelpName = "POLICY,...",
            CustomParser = argument => ParseList(
                argument, "a policy; use store, checkpoint, compress, invert or auto",
                (string word, out MemoryPolicy value) =>
                    Enum.TryParse(word, ignoreCase: true, out value) && Enum.IsDefined(value)
                    && Format.Name(value) == word),
        };
        MemoryBudgetOption budget = new();
        RankLinkOptions links = new();
        Option<bool> once = Usage.Flag(
            "--once",
            "Measure the first step instead of the second: half the time, but generated code and first-touched pages "
            + "count.");
        Command command = new(
            "memory", "Measure memory and time of one training step at several depths and policies.")
        {
            blocks, policies, budget, once,
        };
        links.AddTo(command);
        recipes.AddTo(command);
        command.SetAction(arguments =>
        {
            Recipe recipe = recipes.Load(arguments, common, budget.Overrides(arguments));
            RankLink? link = links.Read(arguments);
            MemoryPolicy[] measured = arguments.GetValue(policies) is { Length: > 0 } named
                ? named
                : [.. MemoryProbe.PossiblePolicies(recipe.Model)];
            bool isAuto = recipe.Reversible.Policies.Policy == MemoryPolicy.Auto;
            ConfigurationException.Require(
                isAuto || !measured.Contains(MemoryPolicy.Auto),
                $"--policy is 'auto', which needs a budget; add --memory-budget BYTES");
            measured = isAuto ? [.. measured.Union([MemoryPolicy.Auto])] : measured;
            List<MemoryRow> rows = [];
            foreach (int depth in arguments.GetValue(blocks) is { Length: > 0 } given ? given : [OwnDepth])
            {
                rows.AddRange(Measure(
                    terminal, recipe, depth, measured, () => common.OpenBackend(arguments),
                    warmUp: !arguments.GetValue(once), link));
            }
            if (arguments.GetValue(common.Json))
            {
                terminal.WriteJson(new MemoryDocument(rows));
                return;
            }
            terminal.Write(MemoryTable.Create(terminal, rows));
            terminal.WriteLine(
                $"Computed in {rows[0].Precision.Text()}. Memory in MiB, the peak of one step; total: the most of all "
                + "purposes at once, which a budget limits; "
                + "k: branch evaluations per block; residual: the worst inversion residual.");
            if (recipe.Model.Lipschitz.Mode == LipschitzMode.Adaptive)
            {
                terminal.WriteLine(
                    "Adaptive Lipschitz control is measured as it starts, perBranch at the same coefficient; in "
                    + "training k can rise.");
            }
            RankTable.Write(terminal, rows);
        });
        return command;
    }

    /// <summary>Measures one depth under each of the policies, saying so.</summary>
    public static IEnumerable<MemoryRow> Measure(
        Terminal terminal, Recipe recipe, int blocks, IEnumerable<MemoryPolicy> policies, Func<Backend> open,
        bool warmUp = true, RankLink? link = null)
    {
        foreach (MemoryPolicy policy in policies)
        {
            if (policy == MemoryPolicy.Auto && recipe.Reversible.NeedsPlan)
            {
                recipe = Planned(
                    terminal,
                    blocks == OwnDepth ? recipe : recipe with { Model = recipe.Model.WithBlocks(blocks) },
                    open);
            }
            terminal.Note(
                $"measuring {Format.Blocks(blocks == OwnDepth ? recipe.Model.BlockCount : blocks)}, "
                + $"{Format.Name(policy)} ...");
            yield return MemoryProbe.Measure(recipe, blocks, policy, open, warmUp, link);
        }
    }

    private static Recipe Planned(Terminal terminal, Recipe recipe, Func<Backend> open)
    {
        terminal.Note($"planning {Format.Blocks(recipe.Model.BlockCount)} ...");
        using Backend backend = open();
        MemoryForecast forecast = MemoryPlanner.Plan(backend, recipe);
        PlanText.Write(terminal, recipe.Model, forecast.Plan, forecast);
        return recipe with { Reversible = recipe.Reversible.WithPlan(forecast.Plan) };
    }

    private delegate bool TryParse<T>(string word, out T value);

    private static T[] ParseList<T>(ArgumentResult argument, string expected, TryParse<T> tryParse)
    {
        List<T> values = [];
        foreach (string word in argument.Tokens.SelectMany(token => token.Value.Split(',')))
        {
            if (tryParse(word, out T value))
            {
                values.Add(value);
            }
            else
            {
                argument.AddError($"'{word}' is not {expected}.");
            }
        }
        return [.. values];
    }
}
