namespace RevUp.Formats;

/// <summary>Element types of safetensors that RevUp reads and writes, by the names of the format. All are little-endian.</summary>
internal enum SafetensorsType
{
    /// <summary>IEEE double precision.</summary>
    F64,

    /// <summary>IEEE single precision.</summary>
    F32,

    /// <summary>bfloat16, as its 16 bits.</summary>
    BF16,

    /// <summary>Signed 64-bit integer.</summary>
    I64,

    /// <summary>Unsigned byte.</summary>
    U8,
}
