namespace RevUp.Data.Volumes;

/// <summary>What mean and deviation of a volume are made 0 and 1.</summary>
public enum VolumeNormalization
{
    /// <summary>Those of the training set, or of data.mean and data.deviation.</summary>
    Set,

    /// <summary>Those of each volume itself, channel by channel, before anything is cut.</summary>
    Volume,
}
