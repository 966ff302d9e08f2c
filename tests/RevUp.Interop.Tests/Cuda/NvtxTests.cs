using RevUp.Interop.CublasLt;
using RevUp.Interop.Nvtx;

namespace RevUp.Interop.Tests.Cuda;

[TestClass]
internal sealed class NvtxTests
{
    private static readonly NvtxName s_outer = new("step");
    private static readonly NvtxName s_inner = new("φ 1");

    [TestMethod]
    internal void ANameIsZeroTerminatedUtf8()
    {
        CollectionAssert.AreEqual((byte[])[0xCF, 0x86, (byte)' ', (byte)'1', 0], s_inner.Text);
        Assert.AreEqual("φ 1", s_inner.ToString());
    }

    [TestMethod]
    internal void RangesNestAndCloseInTurn() =>
        CollectionAssert.AreEqual((string[])["step", "  φ 1", "step", "  φ 1"], RecordedRanges.Of(() =>
        {
            Nest();
            Nest();
        }));

    [TestMethod]
    internal void RangesHaveBytesAndMomentsHaveNumbers() =>
        CollectionAssert.AreEqual(
            (string[])["step, 12 bytes", "  φ 1: k = 3", "  φ 1: residual = 0.25"], RecordedRanges.Of(() =>
            {
                using NvtxRange outer = NvtxRange.Open(s_outer, bytes: 12);
                NvtxRange.Mark(s_inner, NvtxMark.Evaluations, 3);
                NvtxRange.Mark(s_inner, NvtxMark.Residual, 0.25);
            }));

    [TestMethod]
    internal void ADefaultRangeClosesNothing() => Assert.IsEmpty(RecordedRanges.Of(() => default(NvtxRange).Dispose()));

    [TestMethod]
    internal void RangesMakeNoGarbageWhereverTheyRun()
    {
        Nest();

        long before = GC.GetAllocatedBytesForCurrentThread();
        Nest();

        Assert.AreEqual(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    /// <summary>The ranges that are open tell where in a step a call was.</summary>
    [TestMethod]
    internal void AFailureNamesTheRangesThatItWasIn()
    {
        List<string> messages = [];
        RecordedRanges.Of(() =>
        {
            Fail();
            using NvtxRange outer = NvtxRange.Open(s_outer);
            using (NvtxRange inner = NvtxRange.Open(s_inner))
            {
                Fail();
            }
            Fail();
        });
        Assert.DoesNotContain("found in", messages[0]);
        StringAssert.Contains(messages[1], "; found in step / φ 1. This is a defect");
        StringAssert.Contains(messages[2], "; found in step. This is a defect");
        Assert.AreEqual("", NvtxRange.Path);

        void Fail()
        {
            CublasStatus status = CublasStatus.InvalidValue;
            messages.Add(Assert.ThrowsExactly<NativeException>(() => status.Check("CublasLtLibrary.Matmul()")).Message);
        }
    }

    private static void Nest()
    {
        using NvtxRange outer = NvtxRange.Open(s_outer);
        using NvtxRange inner = NvtxRange.Open(s_inner);
    }
}
