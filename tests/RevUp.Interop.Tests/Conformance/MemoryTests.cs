namespace RevUp.Interop.Tests.Conformance;

[TestClass]
internal sealed class MemoryTests
{
    [TestMethod]
    [EveryBackend]
    internal void FillWritesEveryElement(DeviceOperations operations)
    {
        foreach (int count in Inputs.Counts)
        {
            CollectionAssert.AreEqual(
                Enumerable.Repeat(-1.5f, count).ToArray(), operations.Fill(count, -1.5f), $"fill of {count}");
        }
    }

    [TestMethod]
    [EveryBackend]
    internal void CastRoundsToNearestEven(DeviceOperations operations)
    {
        // Ties to either side, the largest finite value, a value that rounds up to infinity, signed
        // zeros, infinities, NaN.
        float[] special =
        [
            1 + (1f / 256), 1 + (3f / 256), -1 - (1f / 256), float.MaxValue, -float.MaxValue, BFloat16.FromBits(0x7F7F),
            0, -0f, float.PositiveInfinity,
            float.NegativeInfinity, float.NaN,
        ];
        foreach ((CpuType xType, CpuType yType, int count) in
            from xType in Inputs.Types
            from yType in Inputs.Types
            from count in Inputs.Counts
            select (xType, yType, count))
        {
            float[] values = [.. special, .. new Inputs(count).Uniform(count, limit: 1e3f)];
            Stored x = new(xType, xType == CpuType.Float32 ? values : Array.ConvertAll(values, BFloat16.Round));
            float[] expected = yType == CpuType.Float32 ? x.Values : Array.ConvertAll(x.Values, BFloat16.Round);

            float[] actual = operations.Cast(x, yType);

            CollectionAssert.AreEqual(expected, actual, $"{xType} to {yType}, {x.Count} elements");
            Assert.IsTrue(float.IsNegative(actual[7]), "the sign of zero survives");
        }
    }
}
