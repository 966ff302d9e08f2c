namespace RevUp.Interop.Tests.Conformance;

[TestClass]
internal sealed class ResidualTests
{
    private const float S = 0.6f;
    private static readonly double[] s_before = [3, 5];

    [TestMethod]
    [EveryBackend]
    internal void ResidualAddAndSubtractMatchTheOracle(DeviceOperations operations)
    {
        foreach ((CpuType type, int count, Alias alias) in Cases([Alias.None, Alias.X, Alias.Z]))
        {
            Inputs inputs = new(count);
            float[] x = inputs.Uniform(count);
            Stored z = inputs.Uniform(type, count);
            double[] expected = Oracle.ResidualAdd(Oracle.Widen(x), z.Doubles, S);

            float[] actual = operations.ResidualAdd(x, z, S, alias);

            Tolerance.AssertWithin(
                expected, actual, i => Step(x[i], z.Values[i]),
                $"residual add of {count}, z {type}, y aliases {alias}");
            CollectionAssert.AreEqual(
                operations.ResidualAdd(x, z, -S, alias), operations.ResidualSubtract(x, z, S, alias),
                $"subtracted: {count}, z {type}, y aliases {alias}");
            CollectionAssert.AreEqual(
                Oracle.ResidualAdd(Oracle.Widen(x), z.Doubles, -S),
                Oracle.ResidualSubtract(Oracle.Widen(x), z.Doubles, S), "the oracle");
        }
    }

    [TestMethod]
    [EveryBackend]
    internal void FixedPointStepMatchesTheOracle(DeviceOperations operations)
    {
        foreach ((CpuType type, int count, Alias alias) in Cases([Alias.None, Alias.X, Alias.Y, Alias.Z]))
        {
            int adds = count % 2;
            Inputs inputs = new(count);
            float[] y = inputs.Uniform(count);
            Stored z = inputs.Uniform(type, count);
            float[] x = inputs.Uniform(count);
            string what = $"fixed-point step of {count}, z {type}, x_next aliases {alias}";
            (double[] next, double[] sums) = Oracle.FixedPointStep(
                adds, Oracle.Widen(y), z.Doubles, S, Oracle.Widen(x), s_before);

            (float[] actual, double[] statistics) = operations.FixedPointStep(adds, y, z, S, x, s_before, alias);

            Tolerance.AssertWithin(next, actual, i => Step(y[i], z.Values[i]), what);
            double differenceBound = Tolerance.Float64(count, sums[0]);
            double normBound = Tolerance.Float64(count, sums[1]);
            for (int i = 0; i < count; i++)
            {
                // (t + e)^2 - t^2 = 2te + e^2, where e also rounds the difference and the squares.
                double d = Math.Abs(next[i] - x[i]);
                double e = Step(y[i], z.Values[i]) + Tolerance.Float32(2, d);
                differenceBound += (2 * d * e) + (e * e);
                double v = Math.Abs(next[i]);
                double f = Step(y[i], z.Values[i]) + Tolerance.Float32(1, v);
                normBound += (2 * v * f) + (f * f);
            }

            Tolerance.AssertWithin(sums[0], statistics[0], differenceBound, $"difference of {what}");
            Tolerance.AssertWithin(sums[1], statistics[1], normBound, $"norm of {what}");
        }
    }

    [TestMethod]
    [EveryBackend]
    internal void AxpyMatchesTheOracle(DeviceOperations operations)
    {
        foreach (int count in Inputs.Counts)
        {
            foreach (float? alpha in (float?[])[null, -1.3f])
            {
                Inputs inputs = new(count);
                float[] x = inputs.Uniform(count);
                float[] y = inputs.Uniform(count);
                double factor = alpha ?? 1;
                double[] expected = Oracle.Axpy(factor, Oracle.Widen(x), Oracle.Widen(y));

                float[] actual = operations.Axpy(alpha, x, y);

                Tolerance.AssertWithin(
                    expected, actual,
                    i => Tolerance.Float32(2, Math.Abs(y[i]) + Math.Abs(factor * x[i])),
                    $"axpy of {count}, alpha {alpha}");
            }
        }
    }

    /// <summary>One product and one addition.</summary>
    private static double Step(float stream, float branch) =>
        Tolerance.Float32(2, Math.Abs(stream) + Math.Abs(S * branch));

    // The branch's memory can take a float32 result only when it is float32 itself.
    private static IEnumerable<(CpuType Type, int Count, Alias Alias)> Cases(Alias[] aliases) =>
        from type in Inputs.Types
        from count in Inputs.Counts
        from alias in aliases
        where alias != Alias.Z || type == CpuType.Float32
        select (type, count, alias);
}
