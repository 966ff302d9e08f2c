using RevUp.Diagnostics;

namespace RevUp.Cli.StudyRuns;

/// <summary>A row of a study over its seeds.</summary>
internal sealed record RowFigures
{
    /// <summary>The row.</summary>
    public required string Name { get; init; }

    /// <summary>Its runs that are done, by seed as the study lists them.</summary>
    public required IReadOnlyList<StudyRun> Runs { get; init; }

    /// <summary>Fraction of the test set classified right.</summary>
    public required Spread Top1 { get; init; }

    /// <summary>
    /// Top-1 minus the reference's top-1 with the same seed, a fraction. The reference itself has
    /// none.
    /// </summary>
    public required Spread Gap { get; init; }

    /// <summary>Mean cross-entropy on the test set.</summary>
    public Spread Loss => Spread.Of(Runs.Select(run => run.Figures.Test.Loss));

    /// <summary>Mean k of the last epochs; 0 when nothing was inverted.</summary>
    public double MeanEvaluations => Mean(figures => figures.MeanEvaluations);

    /// <summary>Largest k of all steps.</summary>
    public int WorstEvaluations => Runs.Select(run => run.Figures.WorstEvaluations).DefaultIfEmpty().Max();

    /// <summary>Mean measured contraction of the last epochs; NaN when none was measured.</summary>
    public double MeanContraction => Mean(figures => figures.MeanContraction);

    /// <summary>
    /// Largest measured contraction of the last epochs; NaN when none was measured.
    /// </summary>
    public double WorstContraction => Worst(Runs.Select(run => run.Figures.WorstContraction));

    /// <summary>
    /// Largest limit that the control sets to a block's bound; NaN where there is no control.
    /// </summary>
    public double Limit => Worst(Blocks.Select(block => block.Limit));

    /// <summary>
    /// The largest bound of a block, with norms from converged power iteration; NaN where there is
    /// no control.
    /// </summary>
    public double ConvergedBound => Worst(Blocks.Select(block => block.ConvergedBound));

    /// <summary>
    /// The largest residual of a block's rebuilt input on test images, relative to it; NaN where
    /// nothing is rebuilt.
    /// </summary>
    public double Residual => Worst(Blocks.Select(block => block.Residual));

    /// <summary>Tolerance of the inversions; NaN where there are none.</summary>
    public double Tolerance => Worst(Runs.Select(run => run.Inspection?.Tolerance ?? double.NaN));

    /// <summary>Inversions refused and replaced, in all runs.</summary>
    public long Replays => Runs.Sum(run => run.Figures.Replays);

    /// <summary>Peak bytes of activations, the largest of the runs.</summary>
    public long ActivationBytes => Runs.Select(run => run.Figures.ActivationBytes).DefaultIfEmpty().Max();

    /// <summary>Median time of a step, in the mean of the runs.</summary>
    public double StepMilliseconds => Mean(figures => figures.StepMilliseconds);

    /// <summary>Numbers trained.</summary>
    public long Parameters => Runs.Select(run => run.Figures.Parameters).DefaultIfEmpty().Max();

    private IEnumerable<BlockReport> Blocks => Runs.SelectMany(run => run.Inspection?.Blocks ?? []);

    /// <summary>The rows of a study.</summary>
    /// <param name="study">The study.</param>
    /// <param name="runs">Of each of its rows, in order, the runs that are done.</param>
    public static IReadOnlyList<RowFigures> Of(Study study, IReadOnlyList<IReadOnlyList<StudyRun>> runs)
    {
        int reference = study.Rows.ToList().FindIndex(row => row.Name == study.ReferenceName);
        Dictionary<ulong, double> compared = runs[reference]
            .ToDictionary(run => run.Seed, run => run.Figures.Test.Top1);
        return [.. study.Rows.Select((row, index) => new RowFigures
        {
            Name = row.Name,
            Runs = runs[index],
            Top1 = Spread.Of(runs[index].Select(run => run.Figures.Test.Top1)),
            Gap = Spread.Of(runs[index].Where(run => index != reference && compared.ContainsKey(run.Seed))
                .Select(run => run.Figures.Test.Top1 - compared[run.Seed])),
        })];
    }

    private double Mean(Func<RunFigures, double> value) =>
        Spread.Of(Runs.Select(run => value(run.Figures)).Where(double.IsFinite)).Mean;

    // The largest that is a number.
    private static double Worst(IEnumerable<double> values) => values.Aggregate(double.NaN, double.MaxNumber);
}
