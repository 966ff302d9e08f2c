namespace RevUp.Interop.Tests.Conformance;

/// <summary>
/// Pre-activations in bfloat16 that are written along with the stream, and gradients from them.
/// </summary>
[TestClass]
internal sealed class FusedPreactivationTests
{
    private const float A = 0.3f;
    private const float B = -0.7f;
    private const float S = 0.6f;
    private const float Scale = 0.4f;
    private const float SumA = 5.25f;
    private const float SumB = -3.5f;
    private const CpuType Narrow = CpuType.BFloat16;

    private static readonly CpuActivation[] s_pointwise =
        [CpuActivation.Identity, CpuActivation.Relu, CpuActivation.Elu];

    [TestMethod]
    [EveryBackend]
    internal void GradientMatchesTheOracle(DeviceOperations operations)
    {
        foreach ((CpuActivation activation, CpuType type, int count, bool isFull) in
            from activation in s_pointwise
            from type in Inputs.Types
            from count in Inputs.Counts
            from isFull in (bool[])[true, false]
            select (activation, type, count, isFull))
        {
            Inputs inputs = new(count);
            (float[] y, float[] dy) = (Result(activation, inputs, count).Y, inputs.Uniform(Narrow, count).Values);
            Stored? residual = isFull ? inputs.Uniform(type, count) : null;
            Check(operations, activation, y, dy, isFull ? Scale : null, residual, type, isFull, Alias.None);
            // Each output lies in the memory of an input of its own.
            Check(operations, activation, y, dy, Scale, residual, type, withNarrow: true, Alias.Dy);
            if (residual is not null)
            {
                Check(operations, activation, y, dy, Scale, residual, type, withNarrow: true, Alias.Residual);
            }
            if (type == Narrow)
            {
                Check(operations, activation, y, dy, Scale, residual, type, withNarrow: false, Alias.Y);
            }
        }
    }

    [TestMethod]
    internal void TheResultTellsTheGradient()
    {
        const int count = 5000;
        const double unit = 1.0 / (1 << 8);
        foreach (CpuActivation activation in s_pointwise)
        {
            Inputs inputs = new(3);
            (float[] x, float[] y) = Result(activation, inputs, count);
            double[] dy = Array.ConvertAll(inputs.Uniform(count), value => (double)value);
            double[] expected =
                Oracle.PreactivationBackward(activation, Oracle.Widen(x), A, dy, 1, null, null, null).Dx;

            double[] actual = Oracle.PreactivationGradient(
                activation, Oracle.Widen(y), B, dy, 1, null, withNarrow: false, null, null).Dx;

            for (int i = 0; i < count; i++)
            {
                double t = Math.Abs((double)x[i] + A);
                // ReLU's kink is as wide as the rounding of b. ELU's slope is off by the rounding
                // of y.
                bool isNearKink = t < 2 * unit * (Math.Abs(B) + t);
                double bound = activation == CpuActivation.Elu ? unit * (Math.Abs(y[i]) + Math.Abs(B))
                    : activation == CpuActivation.Relu && isNearKink ? 1
                    : 0;
                Assert.AreEqual(expected[i], actual[i], bound * Math.Abs(dy[i]), $"{activation} at {x[i]}");
            }
        }
    }

    [TestMethod]
    [EveryBackend]
    internal void ResidualAddAheadIsTheAdditionAndThePreactivation(DeviceOperations operations)
    {
        foreach ((CpuActivation activation, int count, Alias alias) in Cases(Alias.X))
        {
            Inputs inputs = new(count);
            float[] x = inputs.Uniform(count), z = inputs.Uniform(Narrow, count).Values;
            string what = $"{activation} of {count}, alias {alias}";

            (float[] y, float[] p) = operations.ResidualAddAhead(x, z, S, activation, A, B, alias);

            CollectionAssert.AreEqual(operations.ResidualAdd(x, new Stored(Narrow, z), S), y, what);
            CollectionAssert.AreEqual(operations.PreactivationForward(activation, y, A, B, Narrow), p, what);
            (double[] sum, double[] ahead) =
                Oracle.ResidualAddAhead(Oracle.Widen(x), Oracle.Widen(z), S, activation, A, B);
            CollectionAssert.AreEqual(Oracle.ResidualAdd(Oracle.Widen(x), Oracle.Widen(z), S), sum, what);
            CollectionAssert.AreEqual(Oracle.PreactivationForward(activation, sum, A, B), ahead, what);

            // Without x and s, as where a stream begins.
            (float[] begun, p) = operations.ResidualAddAhead(
                null, z, null, activation, A, B, alias == Alias.X ? Alias.None : alias);
            CollectionAssert.AreEqual(z, begun, what);
            CollectionAssert.AreEqual(operations.PreactivationForward(activation, z, A, B, Narrow), p, what);
            (sum, ahead) = Oracle.ResidualAddAhead(null, Oracle.Widen(z), 1, activation, A, B);
            CollectionAssert.AreEqual(Oracle.Widen(z), sum, what);
            CollectionAssert.AreEqual(Oracle.PreactivationForward(activation, sum, A, B), ahead, what);
        }
    }

    [TestMethod]
    [EveryBackend]
    internal void FixedPointStepAheadIsTheStepAndThePreactivation(DeviceOperations operations)
    {
        foreach ((CpuActivation activation, int count, Alias alias) in Cases(Alias.X, Alias.Y))
        {
            Inputs inputs = new(count);
            float[] y = inputs.Uniform(count), z = inputs.Uniform(Narrow, count).Values;
            // As where an inversion begins: x is y, and not read.
            bool begins = alias == Alias.Y;
            float[] x = begins ? y : inputs.Uniform(count);
            string what = $"{activation} of {count}, alias {alias}";

            (float[] next, double[] statistics, float[] p) =
                operations.FixedPointStepAhead(y, z, S, begins ? null : x, activation, A, B, alias);

            (float[] expected, double[] sums) =
                operations.FixedPointStep(0, y, new Stored(Narrow, z), S, x, new double[2]);
            CollectionAssert.AreEqual(expected, next, what);
            CollectionAssert.AreEqual(operations.PreactivationForward(activation, next, A, B, Narrow), p, what);
            // The last elements may come in packs of another size, of whose squares float32 holds
            // the sum.
            Assert.AreEqual(sums[0], statistics[0], Tolerance.Float32(16, sums[0]), what);
            Assert.AreEqual(sums[1], statistics[1], Tolerance.Float32(16, sums[1]), what);
            (double[] exact, double[] norms, double[] ahead) = Oracle.FixedPointStepAhead(
                Oracle.Widen(y), Oracle.Widen(z), S, begins ? null : Oracle.Widen(x), activation, A, B);
            (double[] step, double[] of) =
                Oracle.FixedPointStep(0, Oracle.Widen(y), Oracle.Widen(z), S, Oracle.Widen(x), new double[2]);
            CollectionAssert.AreEqual(step, exact, what);
            Assert.AreEqual(of[0], norms[0], Tolerance.Float64(count, of[0]), what);
            Assert.AreEqual(of[1], norms[1], Tolerance.Float64(count, of[1]), what);
            CollectionAssert.AreEqual(Oracle.PreactivationForward(activation, exact, A, B), ahead, what);
        }
    }

    private static IEnumerable<(CpuActivation Activation, int Count, Alias Alias)> Cases(params Alias[] aliases) =>
        from activation in Enum.GetValues<CpuActivation>()
        from count in Inputs.Counts
        from alias in (Alias[])[Alias.None, Alias.Z, .. aliases]
        select (activation, Inputs.Whole(activation, count), alias);

    // x, and act(x + a) + b as it is stored.
    private static (float[] X, float[] Y) Result(CpuActivation activation, Inputs inputs, int count)
    {
        float[] x = inputs.Uniform(count, limit: 5);
        double[] y = Oracle.PreactivationForward(activation, Oracle.Widen(x), A, B);
        return (x, Array.ConvertAll(y, value => BFloat16.Round((float)value)));
    }

    private static void Check(
        DeviceOperations operations, CpuActivation activation, float[] y, float[] dy, float? scale, Stored? residual,
        CpuType type, bool withNarrow, Alias alias)
    {
        string what = $"{activation}, dx {type}, n {y.Length}, scale {scale}, residual {residual is not null}, {alias}";
        double s = scale ?? 1;
        (double[] dx, _, double sumA, double sumB) = Oracle.PreactivationGradient(
            activation, Oracle.Widen(y), B, Oracle.Widen(dy), s, residual?.Doubles, withNarrow, SumA, SumB);

        (float[] actual, float[] narrow, float actualSumA, float actualSumB) = operations.PreactivationGradient(
            activation, y, B, dy, scale, residual, type, withNarrow, SumA, SumB, alias);

        // Products with scale and slope, of which two additions make at most 1, and an addition.
        double Term(int i) => Math.Abs(s * dy[i]) * (1 + Math.Abs(y[i]) + Math.Abs(B));
        double Error(int i) => Tolerance.Float32(6, Term(i) + Math.Abs(residual?.Values[i] ?? 0));
        Tolerance.AssertWithin(dx, actual, i => Tolerance.StoredAs(type, dx[i], Error(i)), what);
        if (withNarrow)
        {
            Tolerance.AssertWithin(dx, narrow, i => Tolerance.StoredAs(Narrow, dx[i], Error(i)), "narrow " + what);
            if (type == CpuType.Float32)
            {
                CollectionAssert.AreEqual(Array.ConvertAll(actual, BFloat16.Round), narrow, what);
            }
        }
        double magnitude = Enumerable.Range(0, y.Length).Sum(Term);
        double Bound(double initial) => Tolerance.Float32(6, magnitude) + Tolerance.Float64(y.Length, magnitude)
            + Tolerance.Float32(2, magnitude + Math.Abs(initial));
        Tolerance.AssertWithin(sumA, actualSumA, Bound(SumA), $"sum_a of {what}");
        Tolerance.AssertWithin(sumB, actualSumB, Bound(SumB), $"sum_b of {what}");
    }
}
