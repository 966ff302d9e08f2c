namespace RevUp.Formats;

/// <summary>
/// Element types of safetensors, by the names of the format. All are little-endian.
/// </summary>
/// <remarks>
/// <see cref="SafetensorsReader.Read"/> takes another type of C# for each: bool, byte, sbyte,
/// short, ushort (U16, and BF16 as its bits), Half, int, uint, float, double, long, ulong.
/// </remarks>
internal enum SafetensorsType
{
    /// <summary>IEEE double precision.</summary>
    F64,

    /// <summary>IEEE single precision.</summary>
    F32,

    /// <summary>IEEE half precision.</summary>
    F16,

    /// <summary>bfloat16, as its 16 bits.</summary>
    BF16,

    /// <summary>Signed 64-bit integer.</summary>
    I64,

    /// <summary>Signed 32-bit integer.</summary>
    I32,

    /// <summary>Signed 16-bit integer.</summary>
    I16,

    /// <summary>Signed 8-bit integer.</summary>
    I8,

    /// <summary>Unsigned 64-bit integer.</summary>
    U64,

    /// <summary>Unsigned 32-bit integer.</summary>
    U32,

    /// <summary>Unsigned 16-bit integer.</summary>
    U16,

    /// <summary>Unsigned byte.</summary>
    U8,

    /// <summary>A byte of 0 or 1.</summary>
    BOOL,
}
