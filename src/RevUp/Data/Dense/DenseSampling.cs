namespace RevUp.Data.Dense;

/// <summary>Which part of a case is a sample.</summary>
public enum DenseSampling
{
    /// <summary>A patch of data.extents at a place that is drawn.</summary>
    Patches,

    /// <summary>The whole case in the middle of data.extents, padded with ignored labels.</summary>
    Whole,
}
