using RevUp.Interop.CublasLt;
using RevUp.Interop.Cudnn;
using RevUp.Interop.Nccl;

namespace RevUp.Interop.Tests.Cuda;

/// <summary>
/// Sizes and offsets of NVIDIA's structures under the C ABI of 64-bit Linux, and of the handles
/// that go through it as pointers.
/// </summary>
[TestClass]
internal sealed unsafe class LayoutTests
{
    [TestMethod]
    internal void HandlesArePointers() => CollectionAssert.AreEqual(
        (int[])[8, 8, 8, 8, 8, 8, 8, 8],
        (int[])[
            sizeof(DevicePointer), sizeof(CudaStream), sizeof(CudaEvent), sizeof(CudaModule), sizeof(CudaFunction),
            sizeof(CudaGraph), sizeof(CudaGraphExec),
            sizeof(CudaContext)]);

    [TestMethod]
    internal void AlgorithmPerformance()
    {
        CudnnAlgorithmPerformance value;
        byte* start = (byte*)&value;

        Assert.AreEqual(48, sizeof(CudnnAlgorithmPerformance));
        CollectionAssert.AreEqual(
            (long[])[0, 4, 8, 16, 24, 28],
            (long[])[
                (byte*)&value.Algorithm - start, (byte*)&value.Status - start, (byte*)&value.Milliseconds - start,
                (byte*)&value.Memory - start,
                (byte*)&value.Determinism - start, (byte*)&value.MathType - start]);
    }

    [TestMethod]
    internal void NcclsStructuresAreAsIn214()
    {
        Assert.AreEqual(128, sizeof(NcclUniqueId));
        Assert.AreEqual(24, sizeof(NcclConfiguration));
        NcclConfiguration value = new();

        ReadOnlySpan<int> words = MemoryMarshal.Cast<NcclConfiguration, int>(
            new ReadOnlySpan<NcclConfiguration>(in value));
        CollectionAssert.AreEqual((int[])[24, 0, unchecked((int)0xcafebeef), 21400, 1], words[..5].ToArray());
    }

    [TestMethod]
    internal void HeuristicResult()
    {
        CublasLtHeuristicResult value;
        byte* start = (byte*)&value;

        Assert.AreEqual(64, sizeof(CublasLtAlgorithm));
        Assert.AreEqual(96, sizeof(CublasLtHeuristicResult));
        CollectionAssert.AreEqual(
            (long[])[0, 64, 72, 76],
            (long[])[
                (byte*)&value.Algorithm - start, (byte*)&value.WorkspaceBytes - start, (byte*)&value.State - start,
                (byte*)&value.WavesCount - start]);
    }
}
