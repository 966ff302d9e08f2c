namespace RevUp.Formats;

/// <summary>
/// Name, element type and shape of one tensor in a safetensors file; a shape of rank 0 is a scalar.
/// </summary>
/// <remarks>Immutable. The caller's shape is copied.</remarks>
internal sealed class SafetensorsTensor
{
    private readonly long[] _shape;

    /// <summary>Declares a tensor.</summary>
    /// <exception cref="ArgumentException">
    /// The name is empty or __metadata__, an extent is negative, or the tensor exceeds 2^63 bytes.
    /// </exception>
    public SafetensorsTensor(string name, SafetensorsType type, params ReadOnlySpan<long> shape)
    {
        if (name is "" or SafetensorsHeader.MetadataKey)
        {
            throw new ArgumentException($"A tensor cannot be called '{name}'; give it a name of its own.");
        }
        UInt128 bytes = (UInt128)SizeOf(type);
        foreach (long extent in shape)
        {
            // below 2^63 · 2^63: cannot overflow before the check
            bytes = extent < 0 ? UInt128.MaxValue : bytes * (UInt128)extent;
            if (bytes > long.MaxValue)
            {
                string extents = string.Join(", ", shape.ToArray());
                throw new ArgumentException(
                    $"Tensor '{name}' has the shape [{extents}]; extents must be at least 0 and their product fit in a "
                    + "file.");
            }
        }
        (Name, Type, _shape, ByteCount) = (name, type, shape.ToArray(), (long)bytes);
    }

    /// <summary>The name, unique in its file.</summary>
    public string Name { get; }

    /// <summary>The element type.</summary>
    public SafetensorsType Type { get; }

    /// <summary>Extents, outermost first.</summary>
    public ReadOnlySpan<long> Shape => _shape;

    /// <summary>Product of the extents and the element's size, in bytes.</summary>
    public long ByteCount { get; }

    /// <summary>Bytes of one element.</summary>
    internal static int SizeOf(SafetensorsType type) => type switch
    {
        SafetensorsType.F64 or SafetensorsType.I64 or SafetensorsType.U64 => 8,
        SafetensorsType.F32 or SafetensorsType.I32 or SafetensorsType.U32 => 4,
        SafetensorsType.F16 or SafetensorsType.BF16 or SafetensorsType.I16 or SafetensorsType.U16 => 2,
        SafetensorsType.I8 or SafetensorsType.U8 or SafetensorsType.BOOL => 1,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "Use one of the types of SafetensorsType."),
    };

    /// <summary>
    /// Throws unless T is how C# holds this tensor's elements, as <see cref="SafetensorsType"/>
    /// lists.
    /// </summary>
    internal void RequireElement<T>()
    {
        Type held = ElementOf(Type);
        if (typeof(T) != held)
        {
            throw new ArgumentException($"Tensor '{Name}' holds {Type}, not {typeof(T).Name}; use {held.Name}.");
        }
    }

    private static Type ElementOf(SafetensorsType type) => type switch
    {
        SafetensorsType.F64 => typeof(double),
        SafetensorsType.F32 => typeof(float),
        SafetensorsType.F16 => typeof(Half),
        SafetensorsType.BF16 or SafetensorsType.U16 => typeof(ushort),
        SafetensorsType.I64 => typeof(long),
        SafetensorsType.I32 => typeof(int),
        SafetensorsType.I16 => typeof(short),
        SafetensorsType.I8 => typeof(sbyte),
        SafetensorsType.U64 => typeof(ulong),
        SafetensorsType.U32 => typeof(uint),
        SafetensorsType.BOOL => typeof(bool),
        _ => typeof(byte),
    };
}
