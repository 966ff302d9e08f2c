using System.Runtime.InteropServices;

namespace RevUp.Tests.Planning;

[TestClass]
public sealed class ProcessMemoryTests
{
    private const int Bytes = 64 << 20;

    [TestMethod]
    public void ThePeakSeesMemoryThatWasTouchedAndGivenBack()
    {
        if (!CanReset())
        {
            Assert.Inconclusive("This system does not let a process reset its peak of resident memory.");
        }

        ProcessMemory.ResetPeak();
        long before = ProcessMemory.PeakBytes();
        Touch();
        // A quarter for pages that the kernel reclaims or counts late.
        Assert.IsGreaterThanOrEqualTo(before + Bytes * 3 / 4, ProcessMemory.PeakBytes());
        ProcessMemory.ResetPeak();
        Assert.IsLessThan(before + Bytes * 3 / 4, ProcessMemory.PeakBytes());
    }

    private static bool CanReset()
    {
        try
        {
            File.WriteAllText("/proc/self/clear_refs", "5");
            return true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static unsafe void Touch()
    {
        void* memory = NativeMemory.Alloc(Bytes);
        NativeMemory.Fill(memory, Bytes, 1);
        NativeMemory.Free(memory);
    }
}
