using System.CommandLine.Help;
using System.CommandLine.Invocation;
using RevUp.Cli.Commands;

namespace RevUp.Cli;

/// <summary>The commands of the tool, and what becomes of their failures.</summary>
internal static class CommandLine
{
    private const string Name = "revup";

    /// <summary>
    /// Runs one command line and returns the process's exit code; throws nothing.
    /// </summary>
    public static int Run(IReadOnlyList<string> arguments, Terminal terminal)
    {
        CommonOptions common = new();
        ParseResult parsed = Root(terminal, common).Parse(arguments);
        try
        {
            // A request for help or for the version goes before what is missing or wrong in the
            // same line.
            if (parsed.Action is ParseErrorAction)
            {
                return RefuseUsage(parsed, terminal);
            }
            Command command = parsed.CommandResult.Command;
            if (command.Name != TrainCommand.Name && command.Action == parsed.Action)
            {
                RankedRun.Refuse(command.Name);
            }
            return parsed.Invoke(
                new InvocationConfiguration
                {
                    Output = terminal.Output,
                    Error = terminal.Error,
                    EnableDefaultExceptionHandler = false,
                });
        }
        catch (Exception exception)
        {
            return Failure.Report(exception, terminal.Error, common.IsVerbose(parsed));
        }
    }

    // Not a RootCommand, which help would call by the name of the assembly.
    internal static Command Root(Terminal terminal, CommonOptions common)
    {
        Command root = new(Name, "Trains invertible residual networks without storing their activations.")
        {
            new HelpOption(),
            new VersionOption(),
            TrainCommand.Create(terminal, common),
            StudyCommand.Create(terminal, common),
            StudiesCommand.Create(terminal, common),
            EvaluateCommand.Create(terminal, common),
            SegmentCommand.Create(terminal, common),
            MemoryCommand.Create(terminal, common),
            FitCommand.Create(terminal, common),
            ProfileCommand.Create(terminal, common),
            InspectCommand.Create(terminal, common),
            ReportCommand.Create(terminal, common),
            ExportCommand.Create(terminal, common),
            DevicesCommand.Create(terminal, common),
            RecipesCommand.Create(terminal, common),
            DataCommand.Create(terminal, common),
            DemoCommand.Create(terminal, common),
        };
        common.AddTo(root);
        return root;
    }

    private static int RefuseUsage(ParseResult parsed, Terminal terminal)
    {
        // The innermost command that was recognised is the one whose help answers.
        string path = "";
        for (SymbolResult? at = parsed.CommandResult; at is CommandResult { Parent: not null } command; at = at.Parent)
        {
            path = $"{command.Command.Name} {path}";
        }
        string problems = string.Join(' ', parsed.Errors.Select(problem => NumberName.In(problem.Message)));
        terminal.Error.WriteLine($"error: {problems} Run '{CommandName.Value} {path}--help' for usage.");
        return ExitCode.Usage;
    }
}
