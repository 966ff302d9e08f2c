namespace RevUp.Data;

/// <summary>Which part of a dataset: the one to learn from or the one to be judged on.</summary>
internal enum DatasetSplit
{
    /// <summary>The training set.</summary>
    Train,

    /// <summary>The test set.</summary>
    Test,
}
