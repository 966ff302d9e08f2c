namespace RevUp.Tensors;

/// <summary>
/// The storage type of a tensor's elements. Sums are accumulated in float64 whatever the storage
/// type.
/// </summary>
public enum ElementType
{
    /// <summary>IEEE binary32: weights, optimiser state, the residual stream.</summary>
    Float32 = 0,

    /// <summary>bfloat16: an option for what lies inside a residual branch.</summary>
    [JsonStringEnumMemberName("bfloat16")]
    BFloat16 = 1,

    /// <summary>IEEE binary64: statistics only.</summary>
    Float64 = 2,

    /// <summary>Unsigned 16-bit integers: labels of positions.</summary>
    UInt16 = 3,

    /// <summary>Unsigned 8-bit integers: images on their way to the network.</summary>
    UInt8 = 4,
}
