namespace RevUp.Interop.Tests.Support;

/// <summary>
/// A tensor by its storage type and its values, each of which that type represents exactly.
/// </summary>
internal sealed record Stored(CpuType Type, float[] Values)
{
    internal int Count => Values.Length;

    internal double[] Doubles => Array.ConvertAll(Values, value => (double)value);

    public static implicit operator Stored(float[] values) => new(CpuType.Float32, values);
}

/// <summary>
/// bfloat16 in managed code: independent of the library whose conversions it checks.
/// </summary>
internal static class BFloat16
{
    internal static ushort ToBits(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        if (float.IsNaN(value))
        {
            return (ushort)((bits >> 16) | 0x40);
        }

        // Half of the dropped part, less one on even results: ties go to even.
        return (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
    }

    internal static float FromBits(ushort bits) => BitConverter.UInt32BitsToSingle((uint)bits << 16);

    internal static float Round(float value) => FromBits(ToBits(value));
}
