using RevUp.Tensors;

namespace RevUp.Training;

/// <summary>Settings of the optimiser; definitions are PyTorch's.</summary>
public sealed record OptimizerSettings
{
    /// <summary>The update rule.</summary>
    public OptimizerKind Kind { get; init; }

    /// <summary>Learning rate after warm-up and before decay.</summary>
    public double LearningRate { get; init; } = 0.1;

    /// <summary>Momentum of SGD and Muon.</summary>
    public double Momentum { get; init; } = 0.9;

    /// <summary>Nesterov's momentum.</summary>
    public bool Nesterov { get; init; }

    /// <summary>Weight decay of weights.</summary>
    public double WeightDecay { get; init; } = 5e-4;

    /// <summary>
    /// Learning rate of the Fixup scalars, as a fraction of the weights' rate (arXiv 1901.09321,
    /// section 4.1).
    /// </summary>
    public double ScalarLearningRateFactor { get; init; } = 0.1;

    /// <summary>Weight decay of the Fixup scalars.</summary>
    public double ScalarWeightDecay { get; init; }

    /// <summary>Decay of AdamW's first moment.</summary>
    public double Beta1 { get; init; } = 0.9;

    /// <summary>Decay of AdamW's second moment.</summary>
    public double Beta2 { get; init; } = 0.999;

    /// <summary>AdamW's ε.</summary>
    public double Epsilon { get; init; } = 1e-8;

    /// <summary>Throws when a value is outside its range.</summary>
    /// <exception cref="ConfigurationException">Names the value and the range.</exception>
    public void Validate()
    {
        ConfigurationException.Require(
            LearningRate is > 0 and <= 100,
            $"training.optimizer.learningRate is {LearningRate}; use a positive number, such as 0.1");
        ConfigurationException.Require(
            Momentum is >= 0 and < 1, $"training.optimizer.momentum is {Momentum}; use 0 to less than 1");
        ConfigurationException.Require(
            !Nesterov || Momentum > 0, $"training.optimizer.nesterov needs a momentum above 0, and it is {Momentum}");
        ConfigurationException.Require(
            WeightDecay is >= 0 and < 1 && ScalarWeightDecay is >= 0 and < 1,
            $"training.optimizer.weightDecay is {WeightDecay} and scalarWeightDecay {ScalarWeightDecay}; use 0 to less "
            + $"than 1");
        ConfigurationException.Require(
            ScalarLearningRateFactor is >= 0 and <= 10,
            $"training.optimizer.scalarLearningRateFactor is {ScalarLearningRateFactor}; use 0 to 10");
        ConfigurationException.Require(
            Beta1 is >= 0 and < 1 && Beta2 is >= 0 and < 1 && (float)Epsilon > 0,
            $"training.optimizer.beta1, beta2 and epsilon are {Beta1}, {Beta2} and {Epsilon}; use 0 to less than 1, "
            + $"and a positive epsilon, at least 1e-38");
    }
}
