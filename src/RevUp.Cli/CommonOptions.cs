using RevUp.Backends.Cpu;
using RevUp.Backends.Cuda;

namespace RevUp.Cli;

/// <summary>The options that every command takes.</summary>
internal sealed class CommonOptions
{
    private const string Cpu = "cpu";
    private const string Cuda = "cuda";

    public CommonOptions()
    {
        Device.Validators.Add(result =>
        {
            foreach (Token word in result.Tokens.Where(word => word.Value is not (Cpu or Cuda)))
            {
                result.AddError($"'{word.Value}' is not a device; use {Cpu} or {Cuda}.");
            }
        });
        Workspace.Validators.Add(result =>
        {
            foreach (Token word in result.Tokens.Where(word => !ByteCount.TryParse(word.Value, out _)))
            {
                result.AddError($"'{word.Value}' is not {ByteCount.Allowed}.");
            }
        });
    }

    public Option<string> Device { get; } = new("--device")
    {
        Description = "What to compute on: cpu (the default) or cuda.",
        HelpName = "cpu|cuda",
        Recursive = true,
        DefaultValueFactory = _ => Cpu,
    };

    public Option<bool> DebugLaunches { get; } = new("--debug-launches")
    {
        Description = "On cuda: wait for every operation, so that an error names the one that failed. Slow.",
        Recursive = true,
    };

    public Option<string?> Workspace { get; } = new("--workspace")
    {
        Description = "On cuda: the most memory that a convolution may take beside its tensors; 1GiB by default.",
        HelpName = "BYTES",
        Recursive = true,
    };

    /// <summary>0, which the backend takes for all processors, when not given.</summary>
    public Option<int> Threads { get; } = new("--threads")
    {
        Description = "Threads of the CPU backend; all processors by default.",
        HelpName = "N",
        Recursive = true,
    };

    public Option<ulong?> Seed { get; } = new("--seed")
    {
        Description = "Seed of weights, order and augmentation, instead of the recipe's.",
        HelpName = "N",
        Recursive = true,
    };

    public Option<bool> Json { get; } = new("--json")
    {
        Description = "Print the result as one JSON document on standard output.",
        Recursive = true,
    };

    public Option<bool> Verbose { get; } = new("--verbose")
    {
        Description = "Show the stack trace of an error (or set REVUP_DEBUG=1).",
        Recursive = true,
    };

    public void AddTo(Command root)
    {
        root.Add(Device);
        root.Add(DebugLaunches);
        root.Add(Workspace);
        root.Add(Threads);
        root.Add(Seed);
        root.Add(Json);
        root.Add(Verbose);
    }

    /// <summary>Whether the device is the CPU.</summary>
    public bool IsCpu(ParseResult arguments) => arguments.GetRequiredValue(Device) == Cpu;

    /// <summary>
    /// model.precision of recipes that name none: a GPU's fast arithmetic; on the CPU the library's
    /// own, float32.
    /// </summary>
    public BranchPrecision? Precision(ParseResult arguments) => IsCpu(arguments) ? null : BranchPrecision.Auto;

    /// <summary>Whether errors are shown with their stack traces.</summary>
    public bool IsVerbose(ParseResult arguments) =>
        arguments.GetValue(Verbose) || Environment.GetEnvironmentVariable("REVUP_DEBUG") == "1";

    /// <summary>A backend on the device that was asked for; the caller disposes it.</summary>
    /// <param name="arguments">The command line.</param>
    /// <param name="capacity">The most bytes of its arena; 0 for no bound of its own.</param>
    /// <param name="share">
    /// Threads of the CPU where --threads is not given; 0 for all processors.
    /// </param>
    /// <exception cref="ConfigurationException">The device lacks what was asked for.</exception>
    public Backend OpenBackend(ParseResult arguments, long capacity = 0, int share = 0) =>
        IsCpu(arguments) ? OpenCpu(arguments, capacity, share) : OpenCuda(arguments, capacity);

    /// <summary>A GPU; the caller disposes it.</summary>
    /// <param name="arguments">The command line.</param>
    /// <param name="capacity">The most bytes of its arena; 0 for no bound of its own.</param>
    /// <param name="device">Index of the device.</param>
    public CudaBackend OpenCuda(ParseResult arguments, long capacity = 0, int device = 0) =>
        new(device, capacity)
        {
            DebugLaunches = arguments.GetValue(DebugLaunches),
            Remark = text => Console.Error.WriteLine($"note: {text}"),
            WorkspaceLimit = arguments.GetValue(Workspace) is string limit && ByteCount.TryParse(limit, out long bytes)
                ? bytes : CudaBackend.DefaultWorkspaceLimit,
        };

    /// <summary>The CPU with as many threads as were asked for; the caller disposes it.</summary>
    /// <inheritdoc cref="OpenBackend" path="/param"/>
    /// <exception cref="ConfigurationException">The number of threads is out of range.</exception>
    public CpuBackend OpenCpu(ParseResult arguments, long capacity = 0, int share = 0)
    {
        int threads = arguments.GetValue(Threads);
        ConfigurationException.Require(
            threads is >= 0 and <= CpuBackend.MaximumThreads,
            $"--threads asks for {threads} threads; use 1 to {CpuBackend.MaximumThreads}, or leave the option out");
        return new CpuBackend(threads > 0 ? threads : share, capacity);
    }

    /// <summary>The options with which another command line computes on the same device.</summary>
    public IEnumerable<string> SameDevice(ParseResult arguments) => SameDevice(arguments, arguments.GetValue(Threads));

    /// <summary>The same with a number of CPU threads; 0 for all processors.</summary>
    public IEnumerable<string> SameDevice(ParseResult arguments, int threads)
    {
        if (arguments.GetRequiredValue(Device) != Cpu)
        {
            return [Device.Name, arguments.GetRequiredValue(Device)];
        }
        return threads == 0 ? [] : [Threads.Name, threads.ToString(CultureInfo.InvariantCulture)];
    }
}
