namespace RevUp.Data.Volumes;

/// <summary>Statistics that normalise volumes to mean 0 and deviation 1.</summary>
public enum VolumeNormalization
{
    /// <summary>Statistics of the training set, or data.mean and data.deviation.</summary>
    Set,

    /// <summary>
    /// Statistics of each volume itself, channel by channel, before anything is cut.
    /// </summary>
    Volume,
}
