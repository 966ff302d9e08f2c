using RevUp.Interop.Cudnn;

namespace RevUp.Interop.Tests.Cuda;

/// <summary>
/// The wrapper of cuDNN's convolutions against the oracle, with the bounds of the conformance
/// suite: γₙ Σ|a·b| for n products.
/// </summary>
[TestClass]
internal sealed class ConvolutionTests
{
    private const long WorkspaceLimit = 1 << 26;

    [TestMethod]
    [DataRow("2-D, strided in 2 groups")]
    [DataRow("3-D")]
    internal void EveryPassMatchesTheOracle(string which)
    {
        CpuConvolutionGeometry oracle = which == "3-D"
            ? ConvolutionGeometries.Make(CpuType.Float32, 1, 3, 5, 1, [5, 7, 3], [3, 1, 3], [1, 1, 1], [1, 0, 1])
            : ConvolutionGeometries.Make(CpuType.Float32, 2, 6, 10, 2, [11, 8], [3, 3], [2, 3], [1, 0]);
        Inputs inputs = new(5);
        float[] x = inputs.Uniform(Shapes.SourceElements(oracle));
        float[] w = inputs.Uniform(Shapes.WeightElements(oracle));
        float[] dy = inputs.Uniform(Shapes.DestinationElements(oracle));
        using CudaDriver driver = CudaMachine.Open();
        CudaStream stream = driver.CreateStream();
        using (CudnnHandle handle = CudnnHandle.Create(stream))
        using (CudnnConvolution convolution = new(handle, Geometry(oracle)))
        using (DeviceArray<float> deviceX = new(driver, stream, x))
        using (DeviceArray<float> deviceW = new(driver, stream, w))
        using (DeviceArray<float> deviceY = new(driver, stream, dy))
        {
            CudnnAlgorithm Algorithm(ConvolutionPass pass) =>
                convolution.Algorithms(pass, Geometry(oracle), WorkspaceLimit, out _)[0];
            CudnnAlgorithm[] algorithms = [.. Enum.GetValues<ConvolutionPass>().Select(Algorithm)];
            long bytes = Math.Max(1, algorithms.Max(algorithm => algorithm.WorkspaceBytes));
            using DeviceArray<byte> workspace = new(driver, stream, new byte[bytes]);

            using DeviceArray<float> dx = new(driver, stream, x);
            convolution.BackwardData(
                algorithms[1], deviceY.Pointer, deviceW.Pointer, dx.Pointer, workspace.Pointer);
            AssertWithin(Oracle.ConvolutionDgrad, oracle, dy, w, dx.Read());

            using DeviceArray<float> dw = new(driver, stream, w);
            convolution.BackwardWeights(
                algorithms[2], deviceX.Pointer, deviceY.Pointer, dw.Pointer, workspace.Pointer);
            AssertWithin(Oracle.ConvolutionWgrad, oracle, x, dy, dw.Read());

            convolution.Forward(
                algorithms[0], deviceX.Pointer, deviceW.Pointer, deviceY.Pointer, workspace.Pointer);
            AssertWithin(Oracle.ConvolutionFprop, oracle, x, w, deviceY.Read());
        }

        driver.Destroy(stream);
    }

    [TestMethod]
    internal void AGeometryThatCudnnRefusesIsAnExceptionWithItsWords()
    {
        using CudaDriver driver = CudaMachine.Open();
        CudaStream stream = driver.CreateStream();
        using (CudnnHandle handle = CudnnHandle.Create(stream))
        {
            NativeException exception = Assert.ThrowsExactly<NativeException>(
                () => new CudnnConvolution(
                    handle,
                    Geometry(
                        ConvolutionGeometries.Make(
                            CpuType.Float32, 1, 4, 4, 0x7FFF, [3, 3], [3, 3], [1, 1],
                            [1, 1]))).Dispose());

            StringAssert.StartsWith(exception.Message, "CudnnLibrary.");
            Assert.IsInstanceOfType<CudnnStatus>(exception.Status);
            Assert.AreNotEqual(CudnnStatus.Success, exception.Status);
        }

        driver.Destroy(stream);
    }

    private static void AssertWithin(
        Func<CpuConvolutionGeometry, double[], double[], double[]> pass, CpuConvolutionGeometry geometry, float[] a,
        float[] b, float[] actual)
    {
        double[] expected = pass(geometry, Oracle.Widen(a), Oracle.Widen(b));
        double[] magnitude = pass(geometry, Oracle.Magnitudes(a), Oracle.Magnitudes(b));

        // No output of any pass has more products than one operand has elements.
        long terms = Math.Max(a.Length, b.Length);
        Tolerance.AssertWithin(expected, actual, i => Tolerance.Float32(terms, magnitude[i]), pass.Method.Name);
    }

    private static CudnnGeometry Geometry(in CpuConvolutionGeometry geometry) => new()
    {
        Type = CudnnDataType.Float32,
        MathType = CudnnMathType.Fma,
        Batch = (int)geometry.Batch,
        InChannels = (int)geometry.InChannels,
        OutChannels = (int)geometry.OutChannels,
        Groups = (int)geometry.Groups,
        Input = First(geometry.Rank, geometry.Input),
        Kernel = First(geometry.Rank, geometry.Kernel),
        Stride = First(geometry.Rank, geometry.Stride),
        Padding = First(geometry.Rank, geometry.Padding),
    };

    private static int[] First(int rank, Extents extents)
    {
        int[] values = new int[rank];
        for (int axis = 0; axis < rank; axis++)
        {
            values[axis] = (int)extents[axis];
        }

        return values;
    }
}
