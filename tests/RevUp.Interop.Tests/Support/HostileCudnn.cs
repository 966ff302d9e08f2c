using System.Runtime.InteropServices;
using RevUp.Backends.Cuda;

namespace RevUp.Interop.Tests.Support;

/// <summary>
/// A cuDNN as bad as one may meet, from the stand-in of tests/cuda-on-cpu: its first algorithms
/// fail when they run, want 2 GiB, or compute 3x3 kernels wrong, and it has nothing deterministic
/// for float32 in three dimensions.
/// </summary>
internal static unsafe class HostileCudnn
{
    /// <summary>
    /// A backend on it; null where the stand-in was not built. It neither reads nor leaves choices
    /// of the honest cuDNN.
    /// </summary>
    internal static CudaBackend? Open(Func<string, CudaBackend> open)
    {
        string? path = CudaOnCpu.IsUsable ? Environment.GetEnvironmentVariable("REVUP_CUDNN_LIBRARY") : null;
        if (path is null || !NativeLibrary.TryLoad(path, out nint library)
            || !NativeLibrary.TryGetExport(library, "cudnn_on_cpu_hostile", out nint function))
        {
            return null;
        }

        delegate* unmanaged<int, int> makeHostile = (delegate* unmanaged<int, int>)function;
        int before = makeHostile(1);
        try
        {
            return open(Path.Combine(Environment.GetEnvironmentVariable(CudaOnCpu.CacheVariable)!, "hostile"));
        }
        finally
        {
            _ = makeHostile(before);
        }
    }
}
