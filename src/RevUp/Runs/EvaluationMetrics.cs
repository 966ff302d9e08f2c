namespace RevUp.Runs;

/// <summary>One line of metrics.jsonl about an evaluation.</summary>
internal sealed record EvaluationMetrics(long Step, int Epoch, EvaluationResult Result);
