namespace RevUp.Training;

/// <summary>Positions that one Dice of a class is computed over.</summary>
public enum DiceSums
{
    /// <summary>All of a batch: a class that few samples have still has a Dice.</summary>
    Batch,

    /// <summary>A sample's; the mean is over classes and samples.</summary>
    Sample,
}
