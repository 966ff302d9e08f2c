namespace RevUp.Interop.Tests.Conformance;

[TestClass]
internal sealed class PreactivationTests
{
    private const float A = 0.3f;
    private const float B = -0.7f;
    private const float InitialSumA = 5.25f;
    private const float InitialSumB = -3.5f;

    [TestMethod]
    [EveryBackend]
    internal void ForwardMatchesTheOracle(DeviceOperations operations)
    {
        foreach ((CpuActivation activation, CpuType xType, CpuType yType, int count) in
            from activation in Enum.GetValues<CpuActivation>()
            from xType in Inputs.Types
            from yType in Inputs.Types
            from count in Inputs.Counts
            select (activation, xType, yType, count))
        {
            Stored x = new Inputs(count).Uniform(xType, Inputs.Whole(activation, count), limit: 5);
            CheckForward(operations, activation, x, yType, Alias.None);
            if (xType == yType)
            {
                CheckForward(operations, activation, x, yType, Alias.X);
            }
        }
    }

    [TestMethod]
    [EveryBackend]
    internal void BackwardMatchesTheOracle(DeviceOperations operations)
    {
        foreach ((CpuActivation activation, CpuType xType, CpuType dyType, CpuType dxType) in
            from activation in Enum.GetValues<CpuActivation>()
            from xType in Inputs.Types
            from dyType in Inputs.Types
            from dxType in Inputs.Types
            select (activation, xType, dyType, dxType))
        {
            int count = Inputs.Whole(activation, 1003);
            CheckBackward(
                operations, activation, xType, dyType, dxType, count, scale: null, withResidual: false, Alias.None);
            CheckBackward(
                operations, activation, xType, dyType, dxType, count, scale: 0.4f, withResidual: true, Alias.None);
        }
    }

    [TestMethod]
    [EveryBackend]
    internal void BackwardMatchesTheOracleInPlaceAndAtEverySize(DeviceOperations operations)
    {
        foreach ((CpuType type, int count, Alias alias) in
            from type in Inputs.Types
            from count in Inputs.Counts
            from alias in (Alias[])[Alias.None, Alias.X, Alias.Dy, Alias.Residual]
            select (type, count, alias))
        {
            CheckBackward(
                operations, CpuActivation.Elu, type, type, type, count, scale: -1.7f, withResidual: true, alias);
            int pairs = Inputs.Whole(CpuActivation.MaxMin, count);
            CheckBackward(
                operations, CpuActivation.MaxMin, type, type, type, pairs, scale: -1.7f, withResidual: true, alias);
        }
    }

    [TestMethod]
    [EveryBackend]
    internal void MaxMinLeavesEqualNeighboursAndTheirGradientsWhereTheyAre(DeviceOperations operations)
    {
        float[] dy = [1, 2, 3, 4, 5, 6];

        float[] dx = operations.PreactivationBackward(
            CpuActivation.MaxMin, new float[] { 7, 7, 1, 2, 2, 1 }, A, dy, null, null, CpuType.Float32, null, null).Dx;

        CollectionAssert.AreEqual(new float[] { 1, 2, 4, 3, 5, 6 }, dx);
    }

    private static void CheckForward(
        DeviceOperations operations, CpuActivation activation, Stored x, CpuType yType, Alias alias)
    {
        double[] expected = Oracle.PreactivationForward(activation, x.Doubles, A, B);
        double Inner(int i) => Inputs.Largest(activation, i, k => Math.Abs(x.Values[k]));
        float[] actual = operations.PreactivationForward(activation, x, A, B, yType, alias);

        // Two additions and an exponential that loses 1, on terms |x|, |a|, 1 and |b|.
        Tolerance.AssertWithin(
            expected,
            actual,
            i => Tolerance.StoredAs(
                yType,
                expected[i],
                Tolerance.Float32(2 + Tolerance.Exponential, Inner(i) + Math.Abs(A) + Math.Abs(B) + 1)),
            $"{activation} of {x.Count} {x.Type} to {yType}, y aliases {alias}");
    }

    private static void CheckBackward(
        DeviceOperations operations, CpuActivation activation, CpuType xType, CpuType dyType, CpuType dxType, int count,
        float? scale, bool withResidual, Alias alias)
    {
        Inputs inputs = new(count);
        Stored x = inputs.Uniform(xType, count, limit: 5);
        Stored dy = inputs.Uniform(dyType, count);
        Stored? residual = withResidual ? inputs.Uniform(dxType, count) : null;
        double s = scale ?? 1;
        string what = $"backward of {activation}, x {xType}, dy {dyType}, dx {dxType}, n {count}, scale {scale}, "
            + $"residual {withResidual}, dx aliases {alias}";

        (double[] dx, double sumA, double sumB) =
            Oracle.PreactivationBackward(
                activation, x.Doubles, A, dy.Doubles, s, residual?.Doubles, InitialSumA, InitialSumB);
        (float[] actual, float actualSumA, float actualSumB) =
            operations.PreactivationBackward(
                activation, x, A, dy, scale, residual, dxType, InitialSumA, InitialSumB, alias);

        // Two products and an addition; rounding t = x + a by u|t| changes the exponential, which
        // is at most 1, by that factor.
        double Roundings(int i) => 3 + Tolerance.Exponential + Math.Abs(x.Values[i]) + Math.Abs(A);
        double Term(int i) => Inputs.Largest(activation, i, k => Math.Abs(s * dy.Values[k]));
        Tolerance.AssertWithin(
            dx,
            actual,
            i => Tolerance.StoredAs(
                dxType, dx[i], Tolerance.Float32(Roundings(i), Term(i) + Math.Abs(residual?.Values[i] ?? 0))),
            what);

        double magnitude = 0;
        double termErrors = 0;
        for (int i = 0; i < count; i++)
        {
            magnitude += Term(i);
            termErrors += Tolerance.Float32(Roundings(i), Term(i));
        }

        // The sum is rounded to float32, and so is its addition to what was there.
        double Bound(double initial) =>
            termErrors + Tolerance.Float64(count, magnitude) + Tolerance.Float32(2, magnitude + Math.Abs(initial));
        Tolerance.AssertWithin(sumA, actualSumA, Bound(InitialSumA), $"sum_a of {what}");
        Tolerance.AssertWithin(sumB, actualSumB, Bound(InitialSumB), $"sum_b of {what}");
    }
}
