namespace RevUp.Interop.Tests.Conformance;

/// <summary>
/// Which convolutions of the CPU library are Winograd's, and what they lose by it.
/// </summary>
[TestClass]
internal sealed class ConvolutionAlgorithmTests
{
    [TestMethod]
    [DataRow(1)]
    [DataRow(2)]
    internal void TiledGeometriesAreTransformedInFloat32Alone(int threads)
    {
        foreach (CpuType type in Inputs.Types.Where(EveryBackendAttribute.Cpu(threads).Supports))
        {
            CpuConvolutionAlgorithm expected =
                type == CpuType.Float32 ? CpuConvolutionAlgorithm.Winograd : CpuConvolutionAlgorithm.Direct;
            foreach ((string name, CpuConvolutionGeometry geometry) in ConvolutionGeometries.Tiled(type))
            {
                AssertAlgorithms(threads, geometry, expected, expected, name);
            }
        }
    }

    [TestMethod]
    internal void OthersAreDirect()
    {
        const CpuType type = CpuType.Float32;
        AssertDirect(
            "few channels", ConvolutionGeometries.Make(type, 64, 128, 16, 1, [32, 32], [3, 3], [1, 1], [1, 1]));
        AssertDirect("odd channels", ConvolutionGeometries.Make(type, 64, 72, 64, 1, [32, 32], [3, 3], [1, 1], [1, 1]));
        AssertDirect("a stride", ConvolutionGeometries.Make(type, 64, 64, 64, 1, [32, 32], [3, 3], [2, 1], [1, 1]));
        AssertDirect("groups", ConvolutionGeometries.Make(type, 64, 128, 128, 2, [32, 32], [3, 3], [1, 1], [1, 1]));
        AssertDirect("5x5", ConvolutionGeometries.Make(type, 64, 64, 64, 1, [32, 32], [5, 5], [1, 1], [2, 2]));
        AssertDirect(
            "padding beyond the taps",
            ConvolutionGeometries.Make(type, 64, 64, 64, 1, [32, 32], [3, 3], [1, 1], [1, 3]));
        AssertDirect(
            "a stride along the depth",
            ConvolutionGeometries.Make(type, 4, 64, 64, 1, [16, 16, 16], [3, 3, 3], [2, 1, 1], [1, 1, 1]));
        AssertDirect(
            "5x5 in slices",
            ConvolutionGeometries.Make(type, 4, 64, 64, 1, [16, 16, 16], [3, 5, 5], [1, 1, 1], [1, 2, 2]));
        AssertDirect(
            "tiles mostly cut off", ConvolutionGeometries.Make(type, 256, 64, 64, 1, [5, 5], [3, 3], [1, 1], [1, 1]));
        AssertDirect(
            "weights larger than twice the images",
            ConvolutionGeometries.Make(type, 1, 256, 256, 1, [32, 32], [3, 3], [1, 1], [1, 1]));
    }

    [TestMethod]
    internal void SumsOfManyThreadsAreNotTransformedWhereTheyOutgrowTheImages()
    {
        CpuConvolutionGeometry geometry = ConvolutionGeometries.Make(
            CpuType.Float32, 128, 256, 256, 1, [8, 8], [3, 3], [1, 1], [1, 1]);

        AssertAlgorithms(2, geometry, CpuConvolutionAlgorithm.Winograd, CpuConvolutionAlgorithm.Winograd, "2 threads");
        AssertAlgorithms(16, geometry, CpuConvolutionAlgorithm.Winograd, CpuConvolutionAlgorithm.Direct, "16 threads");
    }

    /// <summary>
    /// ‖error‖ / ‖result‖ is up to 7e-7: not a bound, but what the choice of points is for. With
    /// ±1/2 and ±2 it is above.
    /// </summary>
    [TestMethod]
    internal void TransformsLoseLittle()
    {
        const double relative = 9e-7;
        DeviceOperations operations = EveryBackendAttribute.Library(threads: 2);
        foreach ((string name, CpuConvolutionGeometry geometry) in ConvolutionGeometries.Tiled(CpuType.Float32))
        {
            Inputs inputs = new(5);
            Stored src = inputs.Uniform(CpuType.Float32, Shapes.SourceElements(geometry));
            Stored weights = inputs.Uniform(CpuType.Float32, Shapes.WeightElements(geometry));
            Stored diffDst = inputs.Uniform(CpuType.Float32, Shapes.DestinationElements(geometry));

            AssertClose(
                Oracle.ConvolutionFprop(geometry, src.Doubles, weights.Doubles),
                operations.ConvolutionFprop(geometry, src, weights.Values, null));
            AssertClose(
                Oracle.ConvolutionDgrad(geometry, diffDst.Doubles, weights.Doubles),
                operations.ConvolutionDgrad(geometry, diffDst, weights.Values, null));
            AssertClose(
                Oracle.ConvolutionWgrad(geometry, src.Doubles, diffDst.Doubles),
                operations.ConvolutionWgrad(geometry, src, diffDst));

            void AssertClose(double[] expected, float[] actual)
            {
                double error = Math.Sqrt(
                    expected.Zip(actual, (left, right) => (left - right) * (left - right))
                        .Sum() / expected.Sum(value => value * value));
                Assert.IsTrue(error < relative, $"{name}: {error}"); // false where it is NaN
            }
        }
    }

    private static void AssertDirect(string what, in CpuConvolutionGeometry geometry) =>
        AssertAlgorithms(2, geometry, CpuConvolutionAlgorithm.Direct, CpuConvolutionAlgorithm.Direct, what);

    private static void AssertAlgorithms(
        int threads, in CpuConvolutionGeometry geometry, CpuConvolutionAlgorithm data, CpuConvolutionAlgorithm weights,
        string what)
    {
        CpuLibrary.SetThreads(threads).Check();
        using ConvolutionHandle handle = ConvolutionHandle.Create(geometry);
        CpuConvolutionSizes sizes = handle.Query();
        Assert.AreEqual(data, sizes.DataAlgorithm, what);
        Assert.AreEqual(weights, sizes.WeightsAlgorithm, what);
    }
}
