namespace RevUp.Reversible;

/// <summary>
/// State of the plan in a checkpoint, so that a resumed run does the evaluations of a run that was
/// not stopped.
/// </summary>
/// <param name="Evaluations">k of every block.</param>
/// <param name="Needed">The most that a step has needed since the plan was last lowered.</param>
/// <param name="Steps">Steps since then.</param>
internal sealed record EvaluationPlanState(IReadOnlyList<int> Evaluations, IReadOnlyList<int> Needed, int Steps);
