namespace RevUp.Interop.Tests.Conformance;

/// <summary>
/// Every convolution is an inner product per output: of n = terms products summed in float32, off
/// by γₙ Σ|a·b|. In bfloat16 the products are exact, the sum is float32's, and the result is
/// rounded once more. Winograd's convolution rounds sums over whole tiles: of inputs of one
/// magnitude, as here, that is far within the bound of its hundreds of terms.
/// </summary>
[TestClass]
internal sealed class ConvolutionTests
{
    [TestMethod]
    [EveryBackend(AndLibrary = true, AndConvolutions = true)]
    internal void FpropMatchesTheOracle(DeviceOperations operations) =>
        ForEachGeometry(operations, (geometry, src, weights, _, scale, what) => AssertLikeTheOracle(
            Oracle.ConvolutionFprop, geometry, geometry.InChannels, src, weights, scale,
            operations.ConvolutionFprop(geometry, src, weights.Values, scale), $"fprop of {what}"));

    [TestMethod]
    [EveryBackend(AndLibrary = true, AndConvolutions = true)]
    internal void DgradMatchesTheOracle(DeviceOperations operations) =>
        ForEachGeometry(operations, (geometry, _, weights, diffDst, scale, what) => AssertLikeTheOracle(
            Oracle.ConvolutionDgrad, geometry, geometry.OutChannels, diffDst, weights, scale,
            operations.ConvolutionDgrad(geometry, diffDst, weights.Values, scale), $"dgrad of {what}"));

    [TestMethod]
    [EveryBackend(AndLibrary = true, AndConvolutions = true)]
    internal void WgradMatchesTheOracle(DeviceOperations operations) =>
        ForEachGeometry(operations, (geometry, src, _, diffDst, _, what) =>
    {
        double[] expected = Oracle.ConvolutionWgrad(geometry, src.Doubles, diffDst.Doubles);
        double[] magnitude = Oracle.ConvolutionWgrad(
            geometry, Oracle.Magnitudes(src.Values), Oracle.Magnitudes(diffDst.Values));
        long terms = geometry.Batch * Shapes.OutputPositions(geometry);

        CpuType rounded = operations.WeightGradientType(geometry.Type);

        float[] actual = operations.ConvolutionWgrad(geometry, src, diffDst);

        Tolerance.AssertWithin(
            expected, actual, i => WgradBound(rounded, expected[i], Bound(geometry, terms, magnitude[i], scale: null)),
            $"wgrad of {what}");
    });

    private static void AssertLikeTheOracle(
        Func<CpuConvolutionGeometry, double[], double[], double[]> oracle, CpuConvolutionGeometry geometry,
        long channels, Stored input, Stored weights, float? scale, float[] actual, string what)
    {
        double factor = scale ?? 1;
        double[] expected = Scaled(factor, oracle(geometry, input.Doubles, weights.Doubles));
        double[] magnitude = Scaled(
            Math.Abs(factor), oracle(geometry, Oracle.Magnitudes(input.Values), Oracle.Magnitudes(weights.Values)));
        long terms = channels / geometry.Groups * geometry.Kernel.Product(geometry.Rank);
        Tolerance.AssertWithin(
            expected, actual,
            i => Tolerance.StoredAs(geometry.Type, expected[i], Bound(geometry, terms, magnitude[i], scale)), what);
    }

    private static double[] Scaled(double factor, double[] values) => Array.ConvertAll(values, value => factor * value);

    // A scale rounds each weight once more: in float32, and then to the storage type.
    private static double Bound(in CpuConvolutionGeometry geometry, long terms, double magnitude, float? scale) =>
        Tolerance.Float32(terms + 1, magnitude) + (scale is null ? 0 : Tolerance.Rounding(geometry.Type, magnitude));

    // A float32 gradient is the sum itself, whose last rounding is among its terms'.
    private static double WgradBound(CpuType rounded, double expected, double error) =>
        rounded == CpuType.Float32 ? error : Tolerance.StoredAs(rounded, expected, error);

    private static void ForEachGeometry(
        DeviceOperations operations, Action<CpuConvolutionGeometry, Stored, Stored, Stored, float?, string> check)
    {
        foreach (CpuType type in Inputs.Types.Where(operations.Supports))
        {
            foreach ((string name, CpuConvolutionGeometry geometry) in ConvolutionGeometries.All(type))
            {
                Inputs inputs = new(11);
                Stored src = inputs.Uniform(type, Shapes.SourceElements(geometry));
                Stored weights = inputs.Uniform(type, Shapes.WeightElements(geometry));
                Stored diffDst = inputs.Uniform(type, Shapes.DestinationElements(geometry));
                check(geometry, src, weights, diffDst, null, $"{name}, {type}");
                check(geometry, src, weights, diffDst, 0.37f, $"{name}, {type}, scaled");
            }
        }
    }
}
