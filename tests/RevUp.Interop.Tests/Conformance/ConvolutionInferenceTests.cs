namespace RevUp.Interop.Tests.Conformance;

/// <summary>
/// Convolutions that are created for inference: fprop alone, with weights packed once for many
/// calls.
/// </summary>
[TestClass]
internal sealed unsafe class ConvolutionInferenceTests
{
    [TestMethod]
    internal void WeightsThatAreReadOnceACallMayBeLargerThanTheImages()
    {
        // More threads read the weights more often.
        CpuLibrary.SetThreads(1).Check();
        CpuConvolutionGeometry geometry = Small(CpuConvolutionUse.Training);
        Assert.AreEqual(CpuConvolutionAlgorithm.Direct, Sizes(geometry).DataAlgorithm);

        geometry = Small(CpuConvolutionUse.Inference);
        Assert.AreEqual(CpuConvolutionAlgorithm.Winograd, Sizes(geometry).DataAlgorithm);
    }

    [TestMethod]
    internal void NothingIsPackedForTheBackwardPass()
    {
        CpuConvolutionGeometry strided = ConvolutionGeometries.Make(
            CpuType.Float32, 2, 16, 32, 1, [9, 9], [3, 3], [2, 2], [1, 1]);
        long trained = Sizes(strided).PackedBytes;
        strided.Use = CpuConvolutionUse.Inference;
        CpuConvolutionSizes sizes = Sizes(strided);

        Assert.AreEqual(trained, 2 * sizes.PackedBytes);
        Assert.AreEqual((0L, 0L), (sizes.DgradScratchBytes, sizes.WgradScratchBytes));
    }

    [TestMethod]
    internal void TheBackwardPassesAreRefused()
    {
        using ConvolutionHandle handle = ConvolutionHandle.Create(Small(CpuConvolutionUse.Inference));
        using AlignedBuffer memory = new(CpuLibrary.Alignment);
        void* any = memory.Pointer;

        AssertRefused(CpuLibrary.ConvolutionDgrad(handle, any, any, any, any));
        AssertRefused(CpuLibrary.ConvolutionWgrad(handle, any, any, (float*)any, any));

        static void AssertRefused(CpuStatus status)
        {
            Assert.AreEqual(CpuStatus.InvalidArgument, status);
            Assert.Contains("created for inference", Marshal.PtrToStringUTF8((nint)CpuLibrary.LastError())!);
        }
    }

    [TestMethod]
    internal void AnUnknownUseIsRefused()
    {
        CpuConvolutionGeometry geometry = Small((CpuConvolutionUse)2);
        NativeException exception = Assert.ThrowsExactly<NativeException>(() => ConvolutionHandle.Create(geometry));
        Assert.Contains("geometry.use is 2", exception.Message);
    }

    [TestMethod]
    [DataRow(1)]
    [DataRow(2)]
    internal void TheOutputIsThatOfTheOracleWithinRounding(int threads)
    {
        AssertMatchesOracle(Small(CpuConvolutionUse.Inference), null, threads);
    }

    /// <summary>Windows that do not overlap, which AVX2 computes row by row of taps.</summary>
    [TestMethod]
    [DataRow(1, 2, 2, 40, 72)]
    [DataRow(2, 2, 2, 64, 128)]
    [DataRow(2, 3, 2, 33, 17)]
    [DataRow(2, 1, 4, 32, 32)]
    [DataRow(2, 4, 1, 32, 8)]
    internal void TheOutputOfPatchesIsThatOfTheOracleWithinRounding(
        int threads,
        int rows,
        int columns,
        int inChannels,
        int outChannels)
    {
        CpuConvolutionGeometry geometry = ConvolutionGeometries.Make(
            CpuType.Float32,
            3,
            inChannels,
            outChannels,
            1,
            [5 * rows, 7 * columns],
            [rows, columns],
            [rows, columns],
            [0, 0]);
        geometry.Use = CpuConvolutionUse.Inference;

        AssertMatchesOracle(geometry, 0.75f, threads);
    }

    private static void AssertMatchesOracle(CpuConvolutionGeometry geometry, float? scale, int threads)
    {
        DeviceOperations operations = EveryBackendAttribute.Library(threads);
        Inputs inputs = new(3);
        Stored src = inputs.Uniform(CpuType.Float32, Shapes.SourceElements(geometry));
        Stored weights = inputs.Uniform(CpuType.Float32, Shapes.WeightElements(geometry));
        double[] scaled = [.. weights.Doubles.Select(weight => weight * (scale ?? 1))];
        double[] expected = Oracle.ConvolutionFprop(geometry, src.Doubles, scaled);
        float[] actual = operations.ConvolutionFprop(geometry, src, weights.Values, scale);

        double error = Math.Sqrt(expected.Zip(actual, (left, right) => (left - right) * (left - right)).Sum());
        double norm = Math.Sqrt(expected.Sum(value => value * value));
        Assert.IsTrue(error < 2e-6 * norm, $"{error} of {norm}"); // false where it is NaN
    }

    // One image, whose transformed weights are larger than it by far.
    private static CpuConvolutionGeometry Small(CpuConvolutionUse use)
    {
        CpuConvolutionGeometry geometry =
            ConvolutionGeometries.Make(CpuType.Float32, 1, 128, 128, 1, [20, 20], [3, 3], [1, 1], [1, 1]);
        geometry.Use = use;
        return geometry;
    }

    private static CpuConvolutionSizes Sizes(CpuConvolutionGeometry geometry)
    {
        using ConvolutionHandle handle = ConvolutionHandle.Create(geometry);
        return handle.Query();
    }
}
