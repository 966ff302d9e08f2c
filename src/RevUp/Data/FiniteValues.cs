using System.Numerics;

namespace RevUp.Data;

/// <summary>Finds numbers that are not finite.</summary>
internal static class FiniteValues
{
    /// <summary>The place of the first NaN or infinity; −1 when there is none.</summary>
    public static int IndexOfOther(ReadOnlySpan<float> values)
    {
        // x − x is 0 for a finite number, and NaN for any other.
        int i = 0;
        for (; i <= values.Length - Vector<float>.Count; i += Vector<float>.Count)
        {
            Vector<float> block = new(values[i..]);
            if (!Vector.EqualsAll(block - block, Vector<float>.Zero))
            {
                break;
            }
        }
        for (; i < values.Length; i++)
        {
            if (!float.IsFinite(values[i]))
            {
                return i;
            }
        }
        return -1;
    }
}
