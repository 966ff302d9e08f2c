using System.Runtime.InteropServices;
using System.Text;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace RevUp.Interop.Tests.Support;

/// <summary>
/// A profiler's view of the ranges that the calling thread opens, from the stand-in of
/// tests/cuda-on-cpu.
/// </summary>
internal static unsafe class RecordedRanges
{
    /// <summary>Names the library of ranges that the process uses.</summary>
    internal const string LibraryVariable = "REVUP_NVTX_LIBRARY";

    private const int Capacity = 1 << 20;

    /// <summary>
    /// The ranges in the order they were opened, each indented by two spaces for every range around
    /// it. All must be closed in the end.
    /// </summary>
    internal static string[] Of(Action work)
    {
        string? path = CudaOnCpu.IsUsable ? Environment.GetEnvironmentVariable(LibraryVariable) : null;
        nint library = path is null ? 0 : NativeLibrary.Load(path);
        nint start = 0;
        if (library == 0 || !NativeLibrary.TryGetExport(library, "cuda_on_cpu_record_ranges", out start))
        {
            Assert.Inconclusive("The stand-in for librevup_nvtx was not built.");
        }

        ((delegate* unmanaged<void>)start)();
        byte[] text = new byte[Capacity];
        int length;
        try
        {
            work();
        }
        finally
        {
            fixed (byte* pointer = text)
            {
                nint ranges = NativeLibrary.GetExport(library, "cuda_on_cpu_recorded_ranges");
                length = ((delegate* unmanaged<byte*, int, int>)ranges)(pointer, Capacity);
            }
        }

        Assert.AreNotEqual(-1, length, "every range is closed once");
        Assert.IsLessThan(Capacity, length);
        return Encoding.UTF8.GetString(text, 0, length).Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }
}
