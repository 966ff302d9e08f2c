namespace RevUp.Data;

/// <summary>Numbers that the samples of a dataset are made of.</summary>
public enum SampleKind
{
    /// <summary>Bytes 0 to 255, which are fractions of white: x / 255.</summary>
    Bytes,

    /// <summary>Floats in a unit of the dataset's own.</summary>
    Floats,
}
