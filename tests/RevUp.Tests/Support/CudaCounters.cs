using System.Runtime.InteropServices;

namespace RevUp.Tests.Support;

/// <summary>
/// Counts of the calling thread's calls in tests/cuda-on-cpu. A real driver counts nothing, and a
/// test is inconclusive there.
/// </summary>
internal static unsafe class CudaCounters
{
    private static readonly nint s_driver = Load();

    /// <summary>Times that the host waited for a stream or an event.</summary>
    public static long Waits => Read("cuda_on_cpu_waits");

    /// <summary>
    /// Kernels, copies and calls of libraries that were given to a stream; a graph is one.
    /// </summary>
    public static long Submissions => Read("cuda_on_cpu_submissions");

    private static nint Load() =>
        CudaOnCpu.IsUsable
            && NativeLibrary.TryLoad(Environment.GetEnvironmentVariable("REVUP_CUDA_LIBRARY") ?? "", out nint driver)
            ? driver
            : 0;

    private static long Read(string counter)
    {
        nint function = 0;
        if (s_driver == 0 || !NativeLibrary.TryGetExport(s_driver, counter, out function))
        {
            Assert.Inconclusive("The driver of this machine is not the stand-in, which counts calls.");
        }
        return ((delegate* unmanaged<long>)function)();
    }
}
