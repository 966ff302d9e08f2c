using Microsoft.VisualStudio.TestTools.UnitTesting;
using RevUp.Interop.Nvtx;

namespace RevUp.Interop.Tests.Cuda;

[TestClass]
internal sealed class NvtxTests
{
    [TestMethod]
    internal void ANameIsZeroTerminatedUtf8()
    {
        NvtxName name = new("φ 1");

        CollectionAssert.AreEqual((byte[])[0xCF, 0x86, (byte)' ', (byte)'1', 0], name.Text);
        Assert.AreEqual("φ 1", name.ToString());
    }

    [TestMethod]
    internal void RangesNestWithoutGarbageWhereverTheyRun()
    {
        NvtxName outer = new("step");
        NvtxName inner = new("forward");
        Nest(outer, inner);

        long before = GC.GetAllocatedBytesForCurrentThread();
        Nest(outer, inner);

        Assert.AreEqual(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static void Nest(NvtxName outer, NvtxName inner)
    {
        using NvtxRange step = NvtxRange.Open(outer);
        using NvtxRange forward = NvtxRange.Open(inner);
    }
}
