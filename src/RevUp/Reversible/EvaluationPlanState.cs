namespace RevUp.Reversible;

/// <summary>What a checkpoint keeps of the plan, so that a run that is resumed does the evaluations of one that was not stopped.</summary>
/// <param name="Evaluations">k of every block.</param>
/// <param name="Needed">The most that a step has needed since the plan was last lowered.</param>
/// <param name="Steps">Steps since then.</param>
internal sealed record EvaluationPlanState(IReadOnlyList<int> Evaluations, IReadOnlyList<int> Needed, int Steps);
