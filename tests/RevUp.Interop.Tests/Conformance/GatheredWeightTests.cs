namespace RevUp.Interop.Tests.Conformance;

/// <summary>
/// Work on the weights of many convolutions at once, of sizes below, at and above the part of one
/// block.
/// </summary>
[TestClass]
internal sealed class GatheredWeightTests
{
    private static readonly int[] s_counts = [1, 8192, 24, 20_003, 1001];

    [TestMethod]
    [EveryBackend]
    internal void GradientsOfARunEnd(DeviceOperations operations)
    {
        const int First = 1, Count = 3;
        (Stored Raw, float[] Weights, float? Factor, float[] Gradient, bool HasDot)[] weights =
            [.. s_counts.Select((count, i) => Draw(operations, count, i))];

        (float[][] gradients, double[] dots) = operations.EndWeights(weights, First, Count);

        for (int i = 0; i < weights.Length; i++)
        {
            (Stored raw, float[] values, float? factor, float[] before, bool hasDot) = weights[i];
            string what = $"{values.Length} weights, {raw.Type}";
            bool isOfRun = i is >= First and < First + Count;
            if (!isOfRun)
            {
                CollectionAssert.AreEqual(before, gradients[i], $"{what} are not of the run");
            }
            if (!isOfRun || !hasDot)
            {
                Assert.IsTrue(double.IsNaN(dots[i]), what);
            }
            if (!isOfRun)
            {
                continue;
            }
            double scale = factor ?? 1;
            Tolerance.AssertWithin(
                [.. raw.Doubles.Select((value, k) => before[k] + scale * value)], gradients[i],
                k => Tolerance.Float32(2, Math.Abs(before[k]) + Math.Abs(scale * raw.Values[k])), what);
            if (hasDot)
            {
                double[] wide = Oracle.Widen(values);
                Tolerance.AssertWithin(
                    Oracle.Dot(raw.Doubles, wide), dots[i],
                    Tolerance.Float64(
                        values.Length, Oracle.Dot(Oracle.Magnitudes(raw.Values), Oracle.Magnitudes(values))), what);
            }
        }
        CollectionAssert.AreEqual(
            gradients[3], operations.EndWeights(weights, 3, 1).Gradients[3], "a run of its own changed the bits");
        Assert.AreEqual(dots[3], operations.EndWeights(weights, 3, 1).Dots[3], "a run of its own changed the dot");
    }

    [TestMethod]
    [EveryBackend]
    internal void CopiesAreScaledAndRounded(DeviceOperations operations)
    {
        (float[] Weights, float? Scale, CpuType Type)[] weights =
        [
            .. s_counts.Select((count, i) => (
                new Inputs(i).Uniform(count), i % 2 == 0 ? (float?)null : 0.37f,
                i == 1 ? CpuType.Float32 : operations.WeightGradientType(CpuType.BFloat16))),
        ];

        float[][] copies = operations.CopyWeights(weights);

        for (int i = 0; i < weights.Length; i++)
        {
            (float[] values, float? scale, CpuType type) = weights[i];
            float[] expected = [.. values.Select(value => scale is float factor ? factor * value : value)];
            CollectionAssert.AreEqual(
                type == CpuType.Float32 ? expected : [.. expected.Select(BFloat16.Round)], copies[i],
                $"{values.Length} weights as {type}");
        }
    }

    // In the type in which the device lets results wait, but for one.
    private static (Stored Raw, float[] Weights, float? Factor, float[] Gradient, bool HasDot) Draw(
        DeviceOperations operations, int count, int i)
    {
        Inputs inputs = new(i);
        CpuType type = i == 1 ? CpuType.Float32 : operations.WeightGradientType(CpuType.BFloat16);
        return (
            inputs.Uniform(type, count), inputs.Uniform(count), i == 2 ? null : 0.37f, inputs.Uniform(count), i != 2);
    }
}
