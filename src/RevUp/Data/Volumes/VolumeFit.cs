namespace RevUp.Data.Volumes;

/// <summary>Whether every volume must have the extents of the samples.</summary>
public enum VolumeFit
{
    /// <summary>A volume of other extents is refused.</summary>
    Exact,

    /// <summary>
    /// A longer axis is cut, in training at a random place and otherwise around the centre; a
    /// shorter one is padded on both sides with the mean, which is 0 after normalisation.
    /// </summary>
    CropOrPad,
}
