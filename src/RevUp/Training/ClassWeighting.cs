namespace RevUp.Training;

/// <summary>How much a sample of each class counts in the training loss.</summary>
public enum ClassWeighting
{
    /// <summary>Each sample counts 1, or by <see cref="TrainingSettings.ClassWeights"/>.</summary>
    None,

    /// <summary>
    /// Each class counts the same: N / (K · N_k) for a sample of class k, which has N_k of the N
    /// samples of the training set.
    /// </summary>
    Balanced,
}
