using RevUp.Diagnostics;

namespace RevUp.Cli.Output;

/// <summary>
/// Output of <c>profile --json</c>. Each list of rows adds up to the step; times and counts are
/// means of the profiled steps.
/// </summary>
internal sealed record ProfileDocument(
    string Recipe,
    int Blocks,
    string Policy,
    string Precision,
    string Device,
    string Description,
    int BatchSize,
    int Accumulate,
    long FirstStep,
    long LastStep)
{
    public ProfileDocument(Recipe recipe, Backend backend, ProfileResult result)
        : this(
            recipe.Name, recipe.Model.BlockCount, Format.Name(result.Plan.Policy), result.Precision, backend.Name,
            backend.Description, recipe.Training.BatchSize, recipe.Training.Accumulate, result.Window.First,
            result.Window.Last)
    {
        StepProfile step = result.Step;
        (RandomBatch, Rates) = (result.Missing, result.Rates);
        (Milliseconds, StepMilliseconds, PlainMilliseconds) =
            (step.Milliseconds, step.StepMilliseconds, result.PlainMilliseconds);
        DataWaitMilliseconds = result.DataWaitMilliseconds;
        (MeanEvaluations, MaxEvaluations) = (result.MeanEvaluations, result.MaxEvaluations);
        Parts = Rows(step.Parts);
        Layers = Rows(step.Layers);
        Operations = Rows(step.Operations);

        IReadOnlyList<ProfileFigures> Rows(IEnumerable<ProfileRow> rows) =>
            [.. rows.Select(row => ProfileFigures.Of(row, result.Rates))];
    }

    /// <summary>Why one random batch stood for the data; null where it did not.</summary>
    public string? RandomBatch { get; }

    /// <summary>Rates of the device alone.</summary>
    public MachineRates? Rates { get; }

    /// <summary>Mean time of a step.</summary>
    public double Milliseconds { get; }

    /// <summary>Time of each step.</summary>
    public IReadOnlyList<double> StepMilliseconds { get; } = [];

    /// <summary>
    /// Time of the step before them, by the host's clock, without marks between operations.
    /// </summary>
    public double PlainMilliseconds { get; }

    /// <summary>Time in which the host waits for data, which a GPU may compute through.</summary>
    public double DataWaitMilliseconds { get; }

    /// <summary>Branch evaluations of an inversion; 0 where there are none.</summary>
    public double MeanEvaluations { get; }

    public int MaxEvaluations { get; }

    public IReadOnlyList<ProfileFigures> Parts { get; } = [];

    public IReadOnlyList<ProfileFigures> Layers { get; } = [];

    public IReadOnlyList<ProfileFigures> Operations { get; } = [];
}

/// <summary>One row of a profile; rates are fractions of what the device does alone.</summary>
internal sealed record ProfileFigures(
    string Name, double Milliseconds, double Share, double GapMilliseconds, double ForwardMilliseconds,
    double InversionMilliseconds, double GradientMilliseconds, double Calls, double Launches, double Bytes,
    double Flops, double CopyShare, double MatrixShare)
{
    private const double MillisecondsPerSecond = 1e3;

    public static ProfileFigures Of(ProfileRow row, MachineRates rates)
    {
        double seconds = (row.Milliseconds - row.GapMilliseconds) / MillisecondsPerSecond;
        return new ProfileFigures(
            row.Name, row.Milliseconds, row.Share, row.GapMilliseconds, In(StepPart.Forward),
            In(StepPart.Inversion) + In(StepPart.Replay), In(StepPart.Gradient), row.Calls, row.Launches, row.Bytes,
            row.Flops, Rate(row.Bytes, rates.CopyBytesPerSecond), Rate(row.Flops, rates.FlopsPerSecond));

        double In(StepPart part) => row.Parts?.GetValueOrDefault(part) ?? 0;

        double Rate(double work, double perSecond) => seconds > 0 ? work / seconds / perSecond : 0;
    }
}
