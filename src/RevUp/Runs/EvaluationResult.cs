namespace RevUp.Runs;

/// <summary>Quality on a dataset.</summary>
/// <param name="Top1">Fraction of the samples evaluated whose largest logit is the right class.</param>
/// <param name="Loss">Mean cross-entropy of the samples evaluated.</param>
/// <param name="Samples">Samples evaluated.</param>
/// <param name="LeftOut">Samples that could not be read; together with <paramref name="Samples"/>, the dataset.</param>
public readonly record struct EvaluationResult(double Top1, double Loss, int Samples, int LeftOut = 0);
