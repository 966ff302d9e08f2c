namespace RevUp.Interop.Tests.Conformance;

[TestClass]
internal sealed class BatchNormTests
{
    private const float Epsilon = 1e-5f;
    private const float Momentum = 0.1f;

    // From the mean, the deviation and the weight to t: x − mean, ε + variance, root, reciprocal,
    // two products and a sum.
    private const int Roundings = 7;

    private static readonly CpuType[] s_types = Inputs.Types;

    // Single rows and channels, sizes below, at and above vector widths and channel groups, and
    // enough to be split over threads.
    private static readonly (int Rows, int Channels)[] s_sizes =
        [(1, 1), (2, 3), (7, 16), (35, 33), (63, 260), (1003, 24), (2051, 40)];

    [TestMethod]
    [EveryBackend]
    internal void StatisticsMatchTheOracle(DeviceOperations operations)
    {
        foreach ((int rows, int channels) in s_sizes)
        {
            foreach (CpuType type in s_types)
            {
                // A mean of a thousand deviations: moments about zero would lose all of float32's
                // digits.
                foreach (float offset in (float[])[0, 1000])
                {
                    Inputs inputs = new(rows);
                    float[] values = Array.ConvertAll(
                        inputs.Uniform((long)rows * channels, 1), value => value + offset);
                    CheckStatistics(
                        operations, channels,
                        new Stored(type, type == CpuType.Float32 ? values : Array.ConvertAll(values, BFloat16.Round)),
                        inputs);
                }
            }
        }
    }

    [TestMethod]
    [EveryBackend]
    internal void AConstantChannelHasNoVariance(DeviceOperations operations)
    {
        float[] x = Enumerable.Repeat(1234.567f, 3 * 1001).ToArray();

        (float[] mean, float[] variance, _, _) = operations.BatchNormStatistics(
            rows: 1001, x, Momentum, new float[3], [1, 1, 1]);

        CollectionAssert.AreEqual(new float[] { 1234.567f, 1234.567f, 1234.567f }, mean);
        CollectionAssert.AreEqual(new float[3], variance);
    }

    [TestMethod]
    [EveryBackend]
    internal void ForwardMatchesTheOracle(DeviceOperations operations)
    {
        foreach (CpuActivation activation in Enum.GetValues<CpuActivation>())
        {
            foreach ((CpuType xType, CpuType yType) in s_types.SelectMany(x => s_types.Select(y => (x, y))))
            {
                foreach ((int rows, int size) in s_sizes)
                {
                    int channels = Inputs.Whole(activation, size);
                    Inputs inputs = new(rows);
                    Stored x = inputs.Uniform(xType, (long)rows * channels, limit: 5);
                    foreach (BatchNormArrays arrays in Arrays(inputs, channels))
                    {
                        CheckForward(operations, activation, x, arrays, yType, Alias.None);
                        if (xType == yType)
                        {
                            CheckForward(operations, activation, x, arrays, yType, Alias.X);
                        }
                    }
                }
            }
        }
    }

    [TestMethod]
    [EveryBackend]
    internal void BackwardMatchesTheOracle(DeviceOperations operations)
    {
        foreach (CpuActivation activation in Enum.GetValues<CpuActivation>())
        {
            foreach (CpuType xType in s_types)
            {
                foreach ((CpuType dyType, CpuType dxType) in s_types.SelectMany(dy => s_types.Select(dx => (dy, dx))))
                {
                    CheckBackward(
                        operations, activation, xType, dyType, dxType, (35, 16), scale: null, withResidual: false,
                        Alias.None);
                    (int, int) odd = (35, Inputs.Whole(activation, 17));
                    CheckBackward(
                        operations, activation, xType, dyType, dxType, odd, scale: 0.4f, withResidual: true,
                        Alias.None);
                }
            }
        }
    }

    [TestMethod]
    [EveryBackend]
    internal void BackwardMatchesTheOracleInPlaceAndAtEverySize(DeviceOperations operations)
    {
        foreach (CpuType type in s_types)
        {
            foreach ((int Rows, int Channels) size in s_sizes)
            {
                foreach (Alias alias in (Alias[])[Alias.None, Alias.X, Alias.Dy, Alias.Residual])
                {
                    CheckBackward(
                        operations, CpuActivation.Relu, type, type, type, size, scale: -1.7f, withResidual: true,
                        alias);
                    (int, int) pairs = (size.Rows, Inputs.Whole(CpuActivation.MaxMin, size.Channels));
                    CheckBackward(
                        operations, CpuActivation.MaxMin, type, type, type, pairs, scale: -1.7f, withResidual: true,
                        alias);
                }
            }
        }
    }

    private static void CheckStatistics(DeviceOperations operations, int channels, Stored x, Inputs inputs)
    {
        float[] runningMean = inputs.Uniform(channels);
        float[] runningVariance = Array.ConvertAll(inputs.Uniform(channels), Math.Abs);
        int rows = x.Count / channels;
        (double[] mean, double[] variance, double[] mean0, double[] variance0) =
            Oracle.BatchNormStatistics(
                rows, x.Doubles, Momentum, Oracle.Widen(runningMean), Oracle.Widen(runningVariance));
        string what = $"{x.Count / channels} rows of {channels} channels, {x.Type}, around {x.Values[0]}";

        (float[] Mean, float[] Variance, float[] RunningMean, float[] RunningVariance) actual =
            operations.BatchNormStatistics(rows, x, Momentum, runningMean, runningVariance);

        // Sums in double of no more than the spread of the values and its square, about any one of
        // them; then a rounding.
        double spread = x.Doubles.Max() - x.Doubles.Min();
        double meanError = Tolerance.Float64(rows + 3, spread + Math.Abs(x.Doubles.Max()));
        double varianceError = Tolerance.Float64(rows + 5, 2 * spread * spread);
        Tolerance.AssertWithin(
            mean, actual.Mean, c => meanError + Tolerance.Float32(1, Math.Abs(mean[c])), $"mean of {what}");
        Tolerance.AssertWithin(
            variance, actual.Variance, c => varianceError + Tolerance.Float32(1, variance[c]), $"variance of {what}");
        Tolerance.AssertWithin(
            mean0, actual.RunningMean, c => meanError + Tolerance.Float32(1, Math.Abs(mean0[c])),
            $"running mean of {what}");
        Tolerance.AssertWithin(
            variance0, actual.RunningVariance,
            c => 2 * varianceError + Tolerance.Float32(1, variance0[c]), $"running variance of {what}");
    }

    private static void CheckForward(
        DeviceOperations operations, CpuActivation activation, Stored x, BatchNormArrays arrays, CpuType yType,
        Alias alias)
    {
        double[] expected = arrays.OracleForward(activation, x.Doubles);
        double Inner(int i) => InnerError(arrays, x.Values[i], i % arrays.Channels);

        float[] actual = arrays.Forward(operations, activation, x, yType, alias);

        Tolerance.AssertWithin(
            expected,
            actual,
            i => Tolerance.StoredAs(
                yType,
                expected[i],
                Inputs.Largest(activation, i, Inner) + Tolerance.Float32(Tolerance.Exponential + 1, 1)),
            $"{activation} of {x.Count / arrays.Channels} rows of {arrays.Channels} channels, {x.Type} to {yType}, "
            + $"mean {arrays.Mean is not null}, weight {arrays.Weight is not null}, y aliases {alias}");
    }

    private static void CheckBackward(
        DeviceOperations operations, CpuActivation activation, CpuType xType, CpuType dyType, CpuType dxType,
        (int Rows, int Channels) size, float? scale,
        bool withResidual, Alias alias)
    {
        (int rows, int channels) = size;
        Inputs inputs = new(rows);
        int count = rows * channels;
        Stored dy = inputs.Uniform(dyType, count);
        Stored? residual = withResidual ? inputs.Uniform(dxType, count) : null;
        (float[] weight0, float[] bias0) = (inputs.Uniform(channels), inputs.Uniform(channels));
        foreach (BatchNormArrays arrays in Arrays(inputs, channels))
        {
            Stored x = AwayFromTheKink(activation, inputs, arrays, xType, count);
            (double[] dx, double[] dweight, double[] dbias) = arrays.OracleBackward(
                activation, x.Doubles, dy.Doubles, scale ?? 1, residual?.Doubles, Oracle.Widen(weight0),
                Oracle.Widen(bias0));

            (float[] Dx, float[] Weight, float[] Bias) actual =
                arrays.Backward(operations, activation, x, dy, scale, residual, dxType, weight0, bias0, alias);

            string what = $"backward of {activation}, {rows} rows of {channels} channels, x {xType}, dy {dyType}, "
                + $"dx {dxType}, scale {scale}, residual {withResidual}, mean {arrays.Mean is not null}, "
                + $"weight {arrays.Weight is not null}, dx aliases {alias}";
            float[] upstream = [.. Enumerable.Range(0, count).Select(
                i => (float)Inputs.Largest(activation, i, k => Math.Abs(dy.Values[k])))];
            BatchNormErrors errors = new(
                arrays, x, upstream, scale ?? 1, i => InnerError(arrays, x.Values[i], i % channels));
            Tolerance.AssertWithin(
                dbias, actual.Bias, c => errors.Sum(c) + Tolerance.Float32(2, errors.Magnitude(c) + Math.Abs(bias0[c])),
                $"bias of {what}");
            Tolerance.AssertWithin(
                dweight, actual.Weight,
                c => errors.Product(c) + Tolerance.Float32(2, errors.ProductMagnitude(c) + Math.Abs(weight0[c])),
                $"weight of {what}");
            Tolerance.AssertWithin(
                dx, actual.Dx,
                i => Tolerance.StoredAs(
                    dxType,
                    dx[i],
                    errors.Input(i) + Tolerance.Float32(1, Math.Abs(residual?.Values[i] ?? 0))), what);
        }
    }

    /// <summary>The error of t = (x − mean) / √(variance + ε) · weight + bias.</summary>
    private static double InnerError(BatchNormArrays arrays, float x, int c) =>
        Tolerance.Float32(
            Roundings,
            Math.Abs(
                (x - BatchNormErrors.Mean(arrays, c)) * BatchNormErrors.Scale(arrays, c)) + Math.Abs(arrays.Bias[c]));

    // Where t is within its error of ReLU's kink at 0, or of MaxMin's at its neighbour's, the
    // gradient may be either: such inputs are moved away, and test nothing less.
    private static Stored AwayFromTheKink(
        CpuActivation activation, Inputs inputs, BatchNormArrays arrays, CpuType type, int count)
    {
        Stored x = inputs.Uniform(type, count, limit: 5);
        (double Value, double Error) T(int i)
        {
            int c = i % arrays.Channels;
            double t =
                (x.Values[i] - BatchNormErrors.Mean(arrays, c)) * BatchNormErrors.Scale(arrays, c) + arrays.Bias[c];
            return (t, InnerError(arrays, x.Values[i], c));
        }
        for (int i = 0; i < count; i++)
        {
            (double kink, double kinkError) =
                activation != CpuActivation.MaxMin ? (0, 0) : i % 2 == 1 ? T(i - 1) : (double.NaN, 0);
            (double t, double error) = T(i);
            if (Math.Abs(t - kink) <= error + kinkError)
            {
                x.Values[i] = 6;
            }
        }
        return x;
    }

    /// <summary>
    /// As training has it, without a weight, and without statistics, with a weight and without.
    /// </summary>
    private static BatchNormArrays[] Arrays(Inputs inputs, int channels)
    {
        float[] variance = Array.ConvertAll(inputs.Uniform(channels), value => 0.01f + Math.Abs(value));
        BatchNormArrays full = new(
            inputs.Uniform(channels), variance, Epsilon, inputs.Uniform(channels), inputs.Uniform(channels));
        BatchNormArrays affine = full with { Mean = null, Variance = null };
        return [full, full with { Weight = null }, affine, affine with { Weight = null }];
    }
}
