namespace RevUp.Interop.Tests.Conformance;

[TestClass]
internal sealed class ArgMaxTests
{
    [TestMethod]
    [EveryBackend]
    internal void LabelsMatchTheOracle(DeviceOperations operations)
    {
        foreach ((int rows, int classes) in
            ((int, int)[])[(1, 1), (67, 2), (1003, 3), (129, 33), (40_003, 5), (7, 1000)])
        {
            // Full of ties.
            float[] logits = new Inputs(rows).Levels((long)rows * classes, 7);

            CollectionAssert.AreEqual(
                Oracle.ArgMax(rows, Oracle.Widen(logits)), operations.ArgMax(rows, logits), $"{rows}x{classes}");
        }
    }

    [TestMethod]
    [EveryBackend]
    internal void ARowOfNaNHasNoLabel(DeviceOperations operations) => CollectionAssert.AreEqual(
        (ushort[])[1, 65535, 0, 2],
        operations.ArgMax(
            4,
            [
                float.NaN, 1, 0,
                float.NaN, float.NaN, float.NaN,
                float.NegativeInfinity, float.NegativeInfinity, float.NegativeInfinity,
                0, float.NaN, float.PositiveInfinity,
            ]));
}
