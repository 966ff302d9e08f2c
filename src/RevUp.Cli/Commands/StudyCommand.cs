using RevUp.Cli.StudyRuns;

namespace RevUp.Cli.Commands;

/// <summary>
/// <c>revup study</c>: trains every row of a study with every seed, and writes one table and one
/// page.
/// </summary>
internal static class StudyCommand
{
    public static Command Create(Terminal terminal, CommonOptions common)
    {
        Argument<string> file = Usage.Argument(
            "STUDY", $"A study's name or file; '{CommandName.Value} studies' lists the names.");
        Option<string?> output = Usage.Option<string?>(
            "--output", "DIR", "The study's folder; runs/studies/ and its name by default.");
        Option<int> jobs = new("--jobs")
        {
            Description = "Runs at a time, each with --threads threads; these divide the processors by default.",
            HelpName = "N",
            DefaultValueFactory = _ => 1,
        };
        jobs.Validators.Add(result => RequirePositive(result, jobs));
        Option<string[]> set = Usage.Overrides(
            "Override a member of every recipe, such as data.path=DIR; may be repeated.");
        Command command = new(
            "study", "Train a grid of recipes and seeds, and compare. Ctrl-C saves; the same command goes on.")
        {
            file, output, jobs, set,
        };
        command.SetAction(arguments =>
        {
            ConfigurationException.Require(
                arguments.GetValue(common.Seed) is null,
                $"--seed is of no use to a study, whose seeds are in its file; leave it out");
            (Study study, IReadOnlyList<Recipe> recipes) = StudyCatalog.Load(
                arguments.GetRequiredValue(file), arguments.GetValue(set) ?? [], common.Precision(arguments));
            using (Backend backend = common.OpenBackend(arguments))
            {
                (study, recipes) = On(backend, study, recipes, terminal);
            }
            string folder = arguments.GetValue(output) ?? Path.Combine("runs", "studies", study.Name);
            int threads = arguments.GetValue(common.Threads) is > 0 and int given
                ? given
                : Math.Max(1, Environment.ProcessorCount / arguments.GetValue(jobs));
            IReadOnlyList<string> device = [.. common.SameDevice(arguments, threads)];
            return new StudySession(terminal, study, recipes, folder)
                .Run(arguments.GetValue(jobs), threads, device, arguments.GetValue(common.Json));
        });
        return command;
    }

    // The rows that the device can compute. 'auto' becomes the device's precision, so that all runs
    // of a row have one arithmetic.
    private static (Study Study, IReadOnlyList<Recipe> Recipes) On(
        Backend backend, Study study, IReadOnlyList<Recipe> recipes, Terminal terminal)
    {
        ILookup<bool, int> possible = Enumerable.Range(0, recipes.Count)
            .ToLookup(row => recipes[row].Model.Precision.On(backend).IsOf(backend));
        string[] left = [.. possible[false].Select(row => study.Rows[row].Name)];
        if (left.Length > 0)
        {
            IEnumerable<string> lacking = possible[false].Select(row => recipes[row].Model.Precision.Text()).Distinct();
            string reason = $"the device '{backend.Name}' ({backend.Description}) does not compute in "
                + string.Join(" or ", lacking);
            ConfigurationException.Require(
                !left.Contains(study.ReferenceName),
                $"the reference of the study is '{study.ReferenceName}', and {reason}; run it on one that does");
            string sentence = $"Left out: {string.Join(", ", left)}, because {reason}.";
            terminal.Note(sentence);
            study = study with
            {
                Rows = [.. possible[true].Select(row => study.Rows[row])],
                Description = $"{study.Description.TrimEnd('.')}. {sentence}",
            };
        }
        return (study, [.. possible[true].Select(row => recipes[row] with { Model = recipes[row].Model.On(backend) })]);
    }

    private static void RequirePositive(OptionResult result, Option<int> option)
    {
        if (result.GetValue(option) < 1)
        {
            result.AddError($"{option.Name} takes a positive number.");
        }
    }
}
