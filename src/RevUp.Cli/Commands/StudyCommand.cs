using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using RevUp.Cli.Output;
using RevUp.Cli.StudyRuns;
using RevUp.Recipes;
using RevUp.Tensors;
using Spectre.Console;

namespace RevUp.Cli.Commands;

/// <summary><c>revup study</c>: trains every row of a study with every seed, and writes one table and one page.</summary>
internal static class StudyCommand
{
    public static Command Create(Terminal terminal, CommonOptions common)
    {
        Argument<string> file = new("STUDY") { Description = $"A study's name or file; '{CommandName.Value} studies' lists the names." };
        Option<string?> output = new("--output") { Description = "The study's folder; runs/studies/ and its name by default.", HelpName = "DIR" };
        Option<int> jobs = new("--jobs")
        {
            Description = "Runs at a time, each with --threads threads; these divide the processors by default.",
            HelpName = "N",
            DefaultValueFactory = _ => 1,
        };
        jobs.Validators.Add(result => RequirePositive(result, jobs));
        Option<string[]> set = new("--set")
        {
            Description = "Override a member of every recipe, such as data.path=DIR; may be repeated.",
            HelpName = "PATH=VALUE",
            Arity = ArgumentArity.OneOrMore,
        };
        Command command = new("study", "Train a grid of recipes and seeds, and compare. Ctrl-C saves; the same command goes on.") { file, output, jobs, set };
        command.SetAction(arguments =>
        {
            ConfigurationException.Require(
                arguments.GetValue(common.Seed) is null, $"--seed is of no use to a study, whose seeds are in its file; leave it out");
            (Study study, IReadOnlyList<Recipe> recipes) = StudyCatalog.Load(arguments.GetRequiredValue(file), arguments.GetValue(set) ?? []);
            string folder = arguments.GetValue(output) ?? Path.Combine("runs", "studies", study.Name);
            int threads = arguments.GetValue(common.Threads) is > 0 and int given ? given : Math.Max(1, Environment.ProcessorCount / arguments.GetValue(jobs));
            IReadOnlyList<string> device = [.. common.SameDevice(arguments, threads)];
            return new StudySession(terminal, study, recipes, folder).Run(arguments.GetValue(jobs), threads, device, arguments.GetValue(common.Json));
        });
        return command;
    }

    private static void RequirePositive(OptionResult result, Option<int> option)
    {
        if (result.GetValue(option) < 1)
        {
            result.AddError($"{option.Name} takes a positive number.");
        }
    }
}
