namespace RevUp.Interop.Tests.Conformance;

/// <summary>
/// Same inputs, same thread count, same bits: for everything that adds in parallel.
/// </summary>
[TestClass]
internal sealed class DeterminismTests
{
    private const int Repetitions = 5;

    private static readonly float[] s_x = new Inputs(1).Uniform(200_003);
    private static readonly float[] s_y = new Inputs(2).Uniform(200_003);

    [TestMethod]
    [EveryBackend]
    internal void ReductionsRepeat(DeviceOperations operations)
    {
        AssertRepeats(() => operations.Dot(s_x, s_y));
        AssertRepeats(() =>
        {
            double[] table = [0, 100_003, 200_000, 100_016, 99_000, 200_001];
            return Bits(operations.NormalizeAll(table, longest: 100_003, draws: 1, seed: 1, s_x));
        });
        AssertRepeats(() =>
        {
            (float[] next, double[] statistics) = operations.FixedPointStep(adds: 0, s_y, s_x, 0.5f, s_x, [0, 0]);
            return (Bits(next), statistics[0], statistics[1]);
        });
        AssertRepeats(() =>
        {
            var result = operations.QuantizeResidual(
                batch: 1, positions: 10_000, 4, s_x[..40_000], s_y[..40_000], 0.5f, s_x[..40_000]);
            return (Bits(result.Y), Bits(result.Decoded), Bits(result.Steps), Convert.ToHexString(result.Codes));
        });
    }

    [TestMethod]
    [EveryBackend]
    internal void GradientsRepeat(DeviceOperations operations)
    {
        AssertRepeats(() =>
        {
            (float[] dx, float sumA, float sumB) =
                operations.PreactivationBackward(CpuActivation.Elu, s_x, 0.1f, s_y, 0.5f, null, CpuType.Float32, 0, 0);
            return (Bits(dx), sumA, sumB);
        });
        AssertRepeats(() =>
        {
            const int channels = 49;
            Stored x = s_x[..(4081 * channels)], dy = s_y[..(4081 * channels)];
            float[] zeros = new float[channels];
            (float[] mean, float[] variance, _, _) = operations.BatchNormStatistics(rows: 4081, x, 0.1f, zeros, zeros);
            (float[] dx, float[] weight, float[] bias) = operations.BatchNormBackward(
                CpuActivation.Relu, x, mean, variance, 1e-5f, s_x[..channels], s_y[..channels], dy, null, null,
                CpuType.Float32, new float[channels], new float[channels]);
            return (Bits(mean), Bits(variance), Bits(dx), Bits(weight), Bits(bias));
        });
        AssertRepeats(() =>
        {
            var gradients = operations.LinearBackward(
                s_x[..20_000], s_y[..10_000], s_x[..5_000], new float[10_000], new float[50]);
            return (Bits(gradients.Dx), Bits(gradients.Dw), Bits(gradients.Dbias));
        });
        AssertRepeats(() =>
        {
            (float[] gradient, double[] sums) = operations.CrossEntropy(
                200, s_x[..200_000], s_y[..200_000], 1, withGradient: true, [0, 0]);
            return (Bits(gradient), sums[0], sums[1]);
        });
        AssertRepeats(() =>
        {
            (double[] totals, double[] overlaps) =
                operations.SegmentationSums(s_x[..200_000], new ushort[50_000], null, new double[8], new double[24]);
            return string.Join(" ", totals.Concat(overlaps));
        });
        AssertRepeats(() => Bits(operations.GlobalAveragePoolForward(batch: 2, positions: 10_000, s_x[..200_000])));
    }

    [TestMethod]
    [EveryBackend]
    internal void ConvolutionsRepeat(DeviceOperations operations)
    {
        foreach (CpuType type in Inputs.Types.Where(operations.Supports))
        {
            CpuConvolutionGeometry small = ConvolutionGeometries.Make(
                type, 4, 16, 32, 1, [17, 19], [3, 3], [1, 1], [1, 1]);
            IEnumerable<CpuConvolutionGeometry> tiled = ConvolutionGeometries.Tiled(type).Select(test => test.Geometry);
            foreach (CpuConvolutionGeometry geometry in tiled.Prepend(small))
            {
                Inputs inputs = new(3);
                Stored src = inputs.Uniform(type, Shapes.SourceElements(geometry));
                Stored diffDst = inputs.Uniform(type, Shapes.DestinationElements(geometry));
                float[] weights = inputs.Uniform(Shapes.WeightElements(geometry));

                AssertRepeats(() => Bits(operations.ConvolutionFprop(geometry, src, weights, 0.5f)));
                AssertRepeats(() => Bits(operations.ConvolutionDgrad(geometry, diffDst, weights, 0.5f)));
                AssertRepeats(() => Bits(operations.ConvolutionWgrad(geometry, src, diffDst)));
            }
        }
    }

    /// <summary>A value that is equal only when every bit is.</summary>
    private static string Bits(float[] values) => Convert.ToHexString(MemoryMarshal.AsBytes(values.AsSpan()));

    private static void AssertRepeats<T>(Func<T> run)
    {
        T first = run();
        for (int i = 1; i < Repetitions; i++)
        {
            Assert.AreEqual(first, run());
        }
    }
}
