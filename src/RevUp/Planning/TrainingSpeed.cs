namespace RevUp.Planning;

/// <summary>
/// How fast a machine trains a recipe, as it is at the moment, with what else it does.
/// </summary>
/// <param name="SecondsPerStep">Mean time of a training step with its data.</param>
/// <param name="SecondsPerEvaluation">
/// Time of an evaluation on the whole test set, estimated.
/// </param>
/// <param name="StepsPerEpoch">Steps that a pass over the training set takes.</param>
internal sealed record TrainingSpeed(double SecondsPerStep, double SecondsPerEvaluation, long StepsPerEpoch);
