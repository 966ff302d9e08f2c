namespace RevUp.Interop.Tests.Conformance;

[TestClass]
internal sealed class ReductionTests
{
    [TestMethod]
    [EveryBackend]
    internal void DotMatchesTheOracle(DeviceOperations operations)
    {
        foreach (int count in Inputs.Counts)
        {
            Inputs inputs = new(count);
            float[] x = inputs.Uniform(count);
            float[] y = inputs.Uniform(count);
            double[] wideX = Oracle.Widen(x);
            double[] wideY = Oracle.Widen(y);
            double magnitude = Oracle.Dot(Oracle.Magnitudes(x), Oracle.Magnitudes(y));

            // A product of two float32 values is exact in double, so only the additions round.
            Tolerance.AssertWithin(
                Oracle.Dot(wideX, wideY), operations.Dot(x, y), Tolerance.Float64(count, magnitude), $"dot of {count}");
            Tolerance.AssertWithin(
                Oracle.Dot(wideX, wideX), operations.Dot(x, x), Tolerance.Float64(count, Oracle.Dot(wideX, wideX)),
                $"dot of {count} with itself");
        }
    }
}
