namespace RevUp.Interop.Tests.Conformance;

/// <summary>
/// Convolutions of one sample as operators, many at a time: each element is a sum in float32 or
/// float64, off by γₙ Σ|a·b| at most.
/// </summary>
[TestClass]
internal sealed class OperatorTests
{
    private static readonly OperatorArrays[] s_matrices =
    [
        Matrix("in whole packs", 68, 132, 1, 2),
        Matrix("of one element", 1, 1, 1, 2),
        Matrix("with odd rows", 67, 35, 1, 2),
        Matrix("in 3 groups", 12, 15, 3, 3),
        Matrix("depthwise", 9, 9, 9, 3),
    ];

    private static readonly OperatorArrays[] s_convolutions =
    [
        Convolution("3x3", 16, 8, 1, [8, 8], [3, 3], [1, 1]),
        Convolution("3x3 of more than a tile", 70, 67, 1, [9, 11], [3, 3], [1, 1]),
        Convolution("3x3 in 4 groups", 16, 24, 4, [7, 9], [3, 3], [1, 1]),
        Convolution("1x1 at many positions", 17, 33, 1, [7, 5], [1, 1], [0, 0]),
        Convolution("unequal axes", 4, 6, 1, [8, 13], [1, 5], [0, 1]),
        Convolution("5x5 over an extent of 1", 3, 5, 1, [1, 9], [5, 5], [2, 2]),
        Convolution("3-D", 6, 8, 2, [4, 5, 6], [3, 3, 3], [1, 1, 1]),
        Convolution("3-D of depth 1", 3, 5, 1, [1, 3, 2], [3, 3, 3], [1, 1, 1]),
    ];

    [TestMethod]
    [EveryBackend]
    internal void ProductsMatchTheOracle(DeviceOperations operations)
    {
        foreach (OperatorArrays[] table in (OperatorArrays[][])[s_matrices, s_convolutions])
        {
            AssertProducts(
                table, operations.Multiply(table, transposed: false), Oracle.ConvolutionFprop, entry => entry.V,
                geometry => geometry.InChannels);
            AssertProducts(
                table, operations.Multiply(table, transposed: true), Oracle.ConvolutionDgrad, entry => entry.U,
                geometry => geometry.OutChannels);
        }
    }

    [TestMethod]
    [EveryBackend]
    internal void GradientsOfARunAreAdded(DeviceOperations operations)
    {
        const int First = 1;
        foreach (OperatorArrays[] table in (OperatorArrays[][])[s_matrices, s_convolutions])
        {
            int count = table.Length - 2;
            float[][] actual = operations.AddGradients(table, First, count);
            for (int i = 0; i < table.Length; i++)
            {
                OperatorArrays entry = table[i];
                if (i < First || i >= First + count)
                {
                    CollectionAssert.AreEqual(entry.Gradient, actual[i], $"{entry.Name} is not of the run");
                    continue;
                }
                double[] added = Oracle.ConvolutionWgrad(entry.Geometry, Oracle.Widen(entry.V), Oracle.Widen(entry.U));
                double[] magnitude = Oracle.ConvolutionWgrad(
                    entry.Geometry, Oracle.Magnitudes(entry.V), Oracle.Magnitudes(entry.U));
                long terms = Shapes.OutputPositions(entry.Geometry) + 3;
                Tolerance.AssertWithin(
                    [.. added.Select((value, k) => entry.Gradient[k] + entry.Factor * value)], actual[i],
                    k => Tolerance.Float32(terms, Math.Abs(entry.Gradient[k]) + entry.Factor * magnitude[k]),
                    $"gradient of {entry.Name}");
            }
        }
    }

    private static void AssertProducts(
        OperatorArrays[] table, float[][] actual, Func<CpuConvolutionGeometry, double[], double[], double[]> oracle,
        Func<OperatorArrays, float[]> input, Func<CpuConvolutionGeometry, long> channels)
    {
        for (int i = 0; i < table.Length; i++)
        {
            OperatorArrays entry = table[i];
            CpuConvolutionGeometry geometry = entry.Geometry;
            double[] magnitude = oracle(
                geometry, Oracle.Magnitudes(input(entry)), Oracle.Magnitudes(entry.Weights));
            long terms = channels(geometry) / geometry.Groups * geometry.Kernel.Product(geometry.Rank);
            Tolerance.AssertWithin(
                oracle(geometry, Oracle.Widen(input(entry)), Oracle.Widen(entry.Weights)), actual[i],
                k => Tolerance.Float32(terms + 1, magnitude[k]), entry.Name);
        }
    }

    private static OperatorArrays Matrix(string name, int inputs, int outputs, int groups, int rank)
    {
        long[] ones = [.. Enumerable.Repeat(1L, rank)];
        return Convolution(name, inputs, outputs, groups, ones, ones, new long[rank]);
    }

    private static OperatorArrays Convolution(
        string name, int inputs, int outputs, int groups, long[] input, long[] kernel, long[] padding)
    {
        long[] strides = [.. input.Select(_ => 1L)];
        return OperatorArrays.Draw(
            name,
            ConvolutionGeometries.Make(CpuType.Float32, 1, inputs, outputs, groups, input, kernel, strides, padding),
            seed: name.Length);
    }
}
