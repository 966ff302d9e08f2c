using RevUp.Cli.StudyRuns;

namespace RevUp.Cli.Commands;

/// <summary>
/// <c>revup profile</c>: where the time of a recipe's training steps goes, by part, layer and
/// operation.
/// </summary>
internal sealed class ProfileCommand
{
    private readonly Terminal _terminal;
    private readonly CommonOptions _common;
    private readonly RecipeOptions _recipes = new();
    private readonly MemoryBudgetOption _budget = new();

    private readonly Option<string?> _policy = Usage.Option<string?>(
        "--policy", "POLICY", "Policy of all blocks; short for --set reversible.policy=POLICY.");

    private readonly StepWindowOption _steps = new(
        "--steps",
        $"Steps to profile; by default ten, after {ProfileRun.WarmUps} that make plans and settle.");

    private readonly Option<bool> _capture = Usage.Flag(
        "--capture",
        "On cuda: measure nothing, and let a profiler around this command look at the steps (cuProfilerStart).");

    private readonly Option<string?> _nsys = new("--nsys")
    {
        Description = "On cuda: record the steps with Nsight Systems, into FILE or RECIPE.nsys-rep.",
        HelpName = "FILE",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private ProfileCommand(Terminal terminal, CommonOptions common) => (_terminal, _common) = (terminal, common);

    public static Command Create(Terminal terminal, CommonOptions common)
    {
        ProfileCommand profile = new(terminal, common);
        Command command = new(
            "profile", "Show where the time of a training step goes: by part, by layer and by operation.")
        {
            profile._steps, profile._policy, profile._budget, profile._capture, profile._nsys,
        };
        profile._recipes.AddTo(command);
        command.SetAction(profile.Run);
        return command;
    }

    private int Run(ParseResult arguments)
    {
        RequireGpu(arguments);
        string[] policy = arguments.GetValue(_policy) is { } name ? [$"reversible.policy={name}"] : [];
        Recipe recipe = _recipes.Load(arguments, _common, [.. policy, .. _budget.Overrides(arguments)]);
        if (arguments.GetResult(_nsys) is not null)
        {
            return Record(arguments, recipe);
        }
        using Interruption interruption = new(_terminal, "Stopping after this step; nothing is printed.");
        using Backend backend = _common.OpenBackend(arguments);
        using ProfileRun run = new(backend, recipe, arguments.GetValue(_steps));
        if (run.Missing is { } missing)
        {
            _terminal.Note($"The recipe's data is not at hand ({missing}): one random batch stands for it.");
        }
        PlanText.Write(_terminal, recipe.Model, run.Plan, forecast: null);
        try
        {
            if (arguments.GetValue(_capture))
            {
                Steps(run, report => run.Capture(report, interruption.Token));
                _terminal.WriteLine($"Steps {Format.Count(run.Window.First)} to {Format.Count(run.Window.Last)} ran "
                    + "between cuProfilerStart and cuProfilerStop.");
                return ExitCode.Success;
            }
            ProfileResult? result = null;
            Steps(run, report => result = run.Measure(report, interruption.Token));
            Write(arguments, new ProfileDocument(recipe, backend, result!));
            return ExitCode.Success;
        }
        catch (OperationCanceledException) when (interruption.Token.IsCancellationRequested)
        {
            return ExitCode.Interrupted;
        }
    }

    private void Steps(ProfileRun run, Action<Action<long>> work) => ProgressBar.Show(
        _terminal,
        "steps",
        report =>
        {
            work(step => report((int)step, (int)run.Window.Last));
            return true;
        });

    private void Write(ParseResult arguments, ProfileDocument document)
    {
        if (arguments.GetValue(_common.Json))
        {
            _terminal.WriteJson(document);
        }
        else
        {
            ProfileTables.Write(_terminal, document);
        }
    }

    // The same command line with --capture in place of --nsys, as nsys's child.
    private int Record(ParseResult arguments, Recipe recipe)
    {
        string file = Path.GetFullPath(arguments.GetValue(_nsys) ?? recipe.Name);
        NsysRecording recording = new(
            NsysRecording.Find(Environment.GetEnvironmentVariable("PATH")), file, ChildProcess.Tool);
        string report = recording.Run(
            [.. Words(arguments), _capture.Name], _terminal.Note);
        if (arguments.GetValue(_common.Json))
        {
            _terminal.WriteJson(new ReportDocument(report));
        }
        else
        {
            _terminal.WriteLine(report);
            _terminal.Note("These show it by layer and by kernel, and as a picture:");
            _terminal.Note($"  nsys stats -r nvtx_gpu_proj_sum,cuda_gpu_kern_sum {report}");
            _terminal.Note($"  nsys-ui {report}");
        }
        return ExitCode.Success;
    }

    private IEnumerable<string> Words(ParseResult arguments)
    {
        HashSet<Token> left = [];
        if (arguments.GetResult(_nsys) is { } option)
        {
            left.UnionWith(option.Tokens);
        }
        return arguments.Tokens
            .Where(token => token.Value != _nsys.Name && token.Value != _common.Json.Name && !left.Contains(token))
            .Select(token => token.Value);
    }

    private void RequireGpu(ParseResult arguments)
    {
        bool records = arguments.GetResult(_nsys) is not null, captures = arguments.GetValue(_capture);
        string option = records ? _nsys.Name : _capture.Name;
        ConfigurationException.Require(
            !(records || captures) || !_common.IsCpu(arguments),
            $"{option} is for profilers of GPUs, and --device is cpu; add --device cuda, or leave {option} out: the "
            + $"CPU's operations are timed without a profiler");
        ConfigurationException.Require(
            !(records && captures), $"--nsys and --capture are both given; --nsys does what --capture does, and more");
        ConfigurationException.Require(
            !captures || !arguments.GetValue(_common.Json),
            $"--capture measures nothing, so --json has nothing to print; leave one out");
    }
}
