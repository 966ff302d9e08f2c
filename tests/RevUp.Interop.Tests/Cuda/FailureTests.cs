using RevUp.Interop.CublasLt;
using RevUp.Interop.Cudnn;

namespace RevUp.Interop.Tests.Cuda;

/// <summary>Exceptions name the call, the code and what to do.</summary>
[TestClass]
internal sealed class FailureTests
{
    [TestMethod]
    [DataRow(CudaResult.OutOfMemory, "Lower the batch size")]
    [DataRow(CudaResult.NoDevice, "nvidia-smi")]
    [DataRow(CudaResult.UnsupportedPtxVersion, "The driver is older than the kernels")]
    [DataRow(CudaResult.NoBinaryForGpu, "./build.sh --with-cuda")]
    [DataRow(CudaResult.SystemDriverMismatch, "restart the machine")]
    [DataRow(CudaResult.StreamCaptureImplicit, "--cuda-graph")]
    [DataRow(CudaResult.IllegalAddress, "no call in this process can use it again")]
    [DataRow(CudaResult.LaunchFailed, "compute-sanitizer")]
    [DataRow((CudaResult)12345, "report it")]
    internal void ADriverFailureSaysWhatToDo(CudaResult result, string expected) =>
        StringAssert.Contains(CudaResultExtensions.Remedy(result), expected);

    [TestMethod]
    internal void AFailureOfCublasLtNamesTheCallAndTheCode()
    {
        CublasStatus status = CublasStatus.InvalidValue;

        NativeException exception = Assert.ThrowsExactly<NativeException>(
            () => status.Check("CublasLtLibrary.Matmul(handle)"));

        Assert.AreEqual("CublasLtLibrary.Matmul", exception.Call);
        Assert.AreEqual(CublasStatus.InvalidValue, exception.Status);
        StringAssert.StartsWith(
            exception.Message,
            "CublasLtLibrary.Matmul failed with InvalidValue (7): an argument is wrong. This is a defect");
    }

    [TestMethod]
    [DataRow("9.7.1", true, false)]
    [DataRow("9.8.0", true, true)]
    [DataRow("9.10.2", true, true)]
    [DataRow("9.15.1", true, true)]
    [DataRow("9.16.0", true, false)]
    [DataRow("9.10.2", false, false)]
    internal void VolumesAreRefusedWhereCudnnIsKnownToBeWrong(string version, bool volume, bool refused)
    {
        int[] input = volume ? [4, 5, 6] : [4, 5];
        foreach (CudnnMathType math in Enum.GetValues<CudnnMathType>())
        {
            CudnnGeometry geometry = Geometry() with { MathType = math, Input = input };
            string? defect = CudnnDefects.Find(new Version(version), geometry);
            Assert.AreEqual(refused && math != CudnnMathType.Fma, defect is not null);
            if (defect is not null)
            {
                StringAssert.Contains(
                    defect, "install cuDNN 9.16 or newer, or 9.7, or set model.precision to 'float32'");
            }
        }
    }

    [TestMethod]
    internal void SuccessIsNoException()
    {
        CudaResult.Success.Check();
        CudnnStatus.Success.Check();
        CublasStatus.Success.Check();
    }

    [TestMethod]
    internal unsafe void OnlyDeterministicAlgorithmsWithinTheLimitAreLeft()
    {
        CudnnAlgorithmPerformance[] candidates =
        [
            new() { Algorithm = 0, Determinism = CudnnDeterminism.NonDeterministic },
            new() { Algorithm = 1, Determinism = CudnnDeterminism.Deterministic },
            new()
            {
                Algorithm = 2, Status = CudnnStatus.NotSupported, Determinism = CudnnDeterminism.Deterministic,
            },
            new() { Algorithm = 3, Determinism = CudnnDeterminism.Deterministic, MathType = CudnnMathType.Default },
            new() { Algorithm = 3, Determinism = CudnnDeterminism.Deterministic, MathType = CudnnMathType.Fma },
            new() { Algorithm = 4, Determinism = CudnnDeterminism.Deterministic },
        ];
        using CudaDriver driver = CudaMachine.Open();
        using ConvolutionDescriptor descriptor = ConvolutionDescriptor.Create([1, 1], [0, 0], 1, CudnnMathType.Fma);
        IReadOnlyList<CudnnAlgorithm> left = CudnnAlgorithm.Select(
            Geometry(), candidates, 1024, descriptor,
            (algorithm, bytes) =>
            {
                *bytes = algorithm == 4 ? 4096u : 1000u + (uint)algorithm;
                return algorithm == 1 ? CudnnStatus.NotSupported : CudnnStatus.Success;
            },
            out long least);

        Assert.AreEqual(new CudnnAlgorithm(3, CudnnMathType.Fma, 1003), left.Single());
        Assert.AreEqual(4096, least);
    }

    [TestMethod]
    internal void AGeometryIsNamedWithEveryNumber() => Assert.AreEqual(
        "Float32 batch 2, channels 4 to 8 in 2 groups, input 9x10, kernel 3x5, stride 2x3, padding 1x2, math Fma",
        Geometry().ToString());

    [TestMethod]
    internal void AnActivationBeyondCudnnsAddressesIsRefusedBeforeAnyCall()
    {
        ArgumentException exception = Assert.ThrowsExactly<ArgumentException>(
            () => TensorDescriptor.Create(CudnnDataType.BFloat16, 64, 256, [512, 512]).Dispose());

        StringAssert.Contains(exception.Message, "batch 64, 256 channels and extents 512x512");
        StringAssert.Contains(exception.Message, "lower the batch size");
    }

    [TestMethod]
    internal void TheOutputsExtentsAreRoundedDown() => CollectionAssert.AreEqual((int[])[5, 4], Geometry().Output());

    private static CudnnGeometry Geometry() => new()
    {
        Type = CudnnDataType.Float32,
        MathType = CudnnMathType.Fma,
        Batch = 2,
        InChannels = 4,
        OutChannels = 8,
        Groups = 2,
        Input = (int[])[9, 10],
        Kernel = (int[])[3, 5],
        Stride = (int[])[2, 3],
        Padding = (int[])[1, 2],
    };
}
