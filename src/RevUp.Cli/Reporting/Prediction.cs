namespace RevUp.Cli.Reporting;

/// <summary>One test sample and what the network made of it.</summary>
/// <param name="Pixels">[(D), H, W, C], normalised.</param>
/// <param name="Label">Its class.</param>
/// <param name="Predicted">The class of the largest probability.</param>
/// <param name="PredictedProbability">That probability.</param>
/// <param name="LabelProbability">The probability of its class.</param>
internal sealed record Prediction(
    float[] Pixels, int Label, int Predicted, double PredictedProbability, double LabelProbability);
