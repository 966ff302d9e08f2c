using RevUp.Distributed;

namespace RevUp.Cli.Commands;

/// <summary>
/// <c>revup train</c>: trains a recipe, from the start or from a run's last checkpoint.
/// </summary>
internal sealed class TrainCommand
{
    /// <summary>The only command that several ranks do together.</summary>
    public const string Name = "train";

    private const string ResumeName = "--resume";
    private const string Auto = "auto";

    private readonly Terminal _terminal;
    private readonly CommonOptions _common;
    private readonly RecipeOptions _recipes = new();
    private readonly MemoryBudgetOption _budget = new();

    private readonly Option<string?> _output = Usage.Option<string?>(
        "--output", "DIR", "The run's folder; runs/ and the recipe's name by default.");

    private readonly Option<bool> _graph = Usage.Flag(
        "--cuda-graph", "Replay steps as CUDA graphs; the same as --set training.cudaGraph=true.");

    private readonly Option<string?> _resume = new(ResumeName)
    {
        Description = "Go on from the last checkpoint in the run's folder; with auto, start where it holds no run.",
        HelpName = Auto,
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly Option<bool> _attached = Usage.Flag(
        "--attached", "Stop, with a checkpoint, when standard input ends: for programs that start trainings.");

    private readonly StepWindowOption _profiled = new(
        "--profile-steps",
        "On cuda: steps for nsys or ncu around this command to look at (cuProfilerStart, cuProfilerStop).");

    private TrainCommand(Terminal terminal, CommonOptions common)
    {
        (_terminal, _common) = (terminal, common);
        _resume.AcceptOnlyFromAmong(Auto);
    }

    public static Command Create(Terminal terminal, CommonOptions common)
    {
        TrainCommand train = new(terminal, common);
        Command command = new(Name, "Train a network by a recipe. Ctrl-C finishes the step and writes a checkpoint.")
        {
            train._output, train._graph, train._budget, train._resume, train._attached, train._profiled,
        };
        train._recipes.AddTo(command);
        command.SetAction(arguments => RankedRun.Run(
            terminal, common.IsVerbose(arguments), environment => train.Join(arguments, environment),
            ranks => train.Run(arguments, ranks)));
        return command;
    }

    // GPUs meet by NCCL, each with its rank; CPUs by MPI.
    private Collective Join(ParseResult arguments, RankEnvironment environment)
    {
        if (environment is { Size: > 1, JoinDeadline: null })
        {
            environment = environment with { JoinDeadline = Deadline(arguments) };
        }
        return environment.Size == 1 || _common.IsCpu(arguments)
            ? Collective.Join(environment)
            : Collective.Join(environment, device => _common.OpenCuda(arguments, device: device));
    }

    // A node may lack the file, and the first rank tells all of a recipe that is wrong.
    private TimeSpan? Deadline(ParseResult arguments)
    {
        try
        {
            return Load(arguments).Training.RankDeadline;
        }
        catch (Exception exception) when (exception is RevUpException or IOException)
        {
            return null;
        }
    }

    private int Run(ParseResult arguments, Collective ranks)
    {
        ConfigurationException.Require(
            arguments.GetValue(_profiled) is null || !_common.IsCpu(arguments),
            $"--profile-steps is for profilers of GPUs, and --device is cpu; add --device cuda, or use "
            + $"'{CommandName.Value} profile'");
        Recipe? own = null;
        bool resume = false;
        string text = ranks.First(
            () => (own = Load(arguments, ranks, out resume)).ToJson(), RankJson.Default.String,
            "the first rank's recipe");
        Recipe recipe = own ?? Recipe.Parse(text, "the first rank's recipe", []);
        using Backend? opened =
            ranks.Backend is null ? _common.OpenBackend(arguments, share: Threads(ranks)) : null;
        Backend backend = ranks.Backend ?? opened!;
        RunSummary summary = TrainingSession.Run(
            _terminal, backend, recipe, Folder(arguments, recipe), resume, arguments.GetValue(_attached), ranks,
            arguments.GetValue(_profiled));
        if (arguments.GetValue(_common.Json))
        {
            _terminal.WriteJson(TrainDocument.From(summary));
        }
        if (summary.Interrupted)
        {
            IEnumerable<string> words = arguments.Tokens.Select(token => token.Value);
            return TrainingSession.ReportInterruption(
                _terminal, summary,
                arguments.GetResult(_resume) is null ? words.Append(ResumeName) : words);
        }
        if (!arguments.GetValue(_common.Json))
        {
            _terminal.Write(SummaryTable.Create(_terminal, summary));
        }
        return ExitCode.Success;
    }

    // Only the first of several ranks reads the recipe and looks at the folder.
    private Recipe Load(ParseResult arguments, Collective ranks, out bool resume)
    {
        ConfigurationException.Require(
            ranks.IsAlone || !arguments.GetValue(_attached),
            $"--attached stops at the end of standard input, and a launcher gives it to no rank but the first; leave "
            + $"it out, and send the launcher a signal instead");
        Recipe recipe = Load(arguments);
        ConfigurationException.Require(
            !recipe.Training.CudaGraph || !arguments.GetValue(_common.DebugLaunches),
            $"training.cudaGraph is true, and --debug-launches waits inside a step, which no graph can; leave one out");
        _ = recipe.Training.PassesOf(ranks.Size);
        string folder = Folder(arguments, recipe);
        resume = arguments.GetResult(_resume) is not null
            && (arguments.GetValue(_resume) != Auto || RunFolder.IsRun(folder));
        RunFolder.Require(folder, resume);
        return recipe;
    }

    private Recipe Load(ParseResult arguments)
    {
        string[] recorded = arguments.GetValue(_graph) ? ["training.cudaGraph=true"] : [];
        return _recipes.Load(arguments, _common, [.. recorded, .. _budget.Overrides(arguments)]);
    }

    private int Threads(Collective ranks)
    {
        if (ranks.IsAlone)
        {
            return 0;
        }
        int threads = RankThreads.Share(ranks, out bool isBound);
        if (isBound)
        {
            _terminal.Note(
                $"Each rank may use {threads} of the processors of its node, and others stay idle. Add "
                + "--bind-to none to mpirun.");
        }
        return threads;
    }

    private string Folder(ParseResult arguments, Recipe recipe) =>
        arguments.GetValue(_output) ?? Path.Combine("runs", recipe.Name);
}
