using RevUp.Interop.Cuda;

namespace RevUp.Interop.Tests.Support;

/// <summary>
/// The CUDA of the tests: where artifacts/cuda-on-cpu was built, the stand-in that runs our kernels on the CPU, else what the machine has. Variables that name
/// libraries go before both. Ask it before anything else calls CUDA: a library is looked for once.
/// </summary>
internal static class CudaOnCpu
{
    private const string DriverVariable = "REVUP_CUDA_LIBRARY";
    private const string MemoryOfProcesses = "134217728";

    private static readonly Lazy<bool> s_isUsable = new(() =>
    {
        if (string.IsNullOrEmpty(Environment.GetEnvironmentVariable(DriverVariable)) && FindFolder() is string folder)
        {
            Environment.SetEnvironmentVariable(DriverVariable, Path.Combine(folder, "libcuda.so.1"));
            Environment.SetEnvironmentVariable("REVUP_CUDNN_LIBRARY", Path.Combine(folder, "libcudnn.so.9"));
            Environment.SetEnvironmentVariable("REVUP_CUBLASLT_LIBRARY", Path.Combine(folder, "libcublasLt.so.12"));
            Environment.SetEnvironmentVariable(RecordedRanges.LibraryVariable, Path.Combine(folder, "librevup_nvtx.so"));
            Environment.SetEnvironmentVariable("REVUP_CUDA_KERNELS", Path.Combine(folder, "revup_kernels.fatbin"));
            // Read by the processes that tests start: a backend of all memory would fill gigabytes of the machine's with NaN.
            Environment.SetEnvironmentVariable("REVUP_CUDA_ON_CPU_MEMORY", MemoryOfProcesses);
        }

        return CudaPlatform.Probe().IsUsable;
    });

    /// <summary>Whether a backend can be opened.</summary>
    internal static bool IsUsable => s_isUsable.Value;

    private static string? FindFolder()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            string candidate = Path.Combine(folder.FullName, "artifacts", "cuda-on-cpu");
            if (File.Exists(Path.Combine(candidate, "libcuda.so.1")))
            {
                return candidate;
            }
        }

        return null;
    }
}
