namespace RevUp.Data;

/// <summary>Which part of a dataset.</summary>
internal enum DatasetSplit
{
    /// <summary>The training set: to learn from.</summary>
    Train,

    /// <summary>The test set: to be judged on, once.</summary>
    Test,

    /// <summary>The validation set: to choose checkpoints and settings by.</summary>
    Validation,
}
