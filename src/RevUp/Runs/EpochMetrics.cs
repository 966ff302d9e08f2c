namespace RevUp.Runs;

/// <summary>Means and worsts over the steps of one epoch, and its evaluation.</summary>
internal sealed class EpochMetrics(IReadOnlyList<StepMetrics> steps, EvaluationResult? held)
{
    public int Steps => steps.Count;

    /// <summary>Updates of the run at its end.</summary>
    public long LastStep => steps[^1].Step;

    public double Loss => steps.Average(step => step.Loss);

    public double Top1 => steps.Average(step => step.Top1);

    /// <summary>Of a regression, which has no top-1; NaN of another task.</summary>
    public double MeanAbsoluteError => steps.Average(step => step.MeanAbsoluteError);

    /// <summary>Of one step.</summary>
    public double Milliseconds => steps.Average(step => step.Milliseconds);

    /// <summary>k of the blocks that were inverted; 0 when none was.</summary>
    public double MeanEvaluations =>
        steps.SelectMany(step => step.Evaluations).Where(k => k > 0).DefaultIfEmpty().Average();

    public int WorstEvaluations => steps.Max(step => step.Evaluations.DefaultIfEmpty().Max());

    public double WorstResidual => steps.Max(step => step.WorstResidual);

    /// <summary>
    /// L̂, the ratio of the last two corrections, over the inversions that made two; NaN when none
    /// did.
    /// </summary>
    public double MeanContraction => Contractions.Average();

    /// <inheritdoc cref="MeanContraction"/>
    public double WorstContraction => Contractions.Max();

    public int Replays => steps.Sum(step => step.Replays);

    /// <summary>
    /// The evaluation at its end, on the validation part or, without one, the test part.
    /// </summary>
    public EvaluationResult? Held => held;

    /// <summary>Mean k of one block.</summary>
    public double EvaluationsOf(int block) => steps.Average(step => step.Evaluations[block]);

    /// <summary>Mean L̂ of one block; NaN when it measured none.</summary>
    public double ContractionOf(int block) => Measured(steps.Select(step => step.Contractions[block])).Average();

    /// <summary>Whether each block has a Lipschitz coefficient of its own.</summary>
    public bool IsAdaptive => steps[^1].Coefficients.Length > 0;

    /// <summary>c of one block at the end.</summary>
    public double CoefficientOf(int block) => steps[^1].Coefficients[block];

    private IEnumerable<double> Contractions => Measured(steps.SelectMany(step => step.Contractions));

    private static IEnumerable<double> Measured(IEnumerable<double> contractions) =>
        contractions.Where(double.IsFinite).DefaultIfEmpty(double.NaN);
}
