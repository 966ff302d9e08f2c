namespace RevUp.Tensors;

/// <summary>Sizes of the element types.</summary>
internal static class ElementTypes
{
    /// <summary>Size of one element, in bytes.</summary>
    public static int Size(this ElementType type) => type switch
    {
        ElementType.Float32 => 4,
        ElementType.BFloat16 => 2,
        ElementType.UInt8 => 1,
        _ => 8,
    };
}
