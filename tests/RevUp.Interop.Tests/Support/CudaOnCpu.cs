using RevUp.Interop.Cuda;
using RevUp.Interop.Posix;

namespace RevUp.Interop.Tests.Support;

/// <summary>
/// The CUDA of the tests. REVUP_TEST_CUDA chooses: "stand-in" for artifacts/cuda-on-cpu, which runs
/// our kernels on the CPU; "real" for what the machine has; unset for the stand-in where it was
/// built, else what the machine has. What is named must be there: with either word, missing
/// libraries fail the tests instead of making them inconclusive. Variables that name libraries go
/// before the stand-in. Ask it before anything else calls CUDA: a library is looked for once.
/// </summary>
internal static class CudaOnCpu
{
    /// <summary>Names the folder in which choices of algorithms are kept.</summary>
    internal const string CacheVariable = "REVUP_CACHE";

    private const string ChoiceVariable = "REVUP_TEST_CUDA";
    private const string DriverVariable = "REVUP_CUDA_LIBRARY";
    private const string MemoryOfProcesses = "134217728";

    private static readonly Lazy<bool> s_isUsable = new(() =>
    {
        string? choice = Environment.GetEnvironmentVariable(ChoiceVariable);
        string? folder = StandIn(choice, FindFolder());
        if (string.IsNullOrEmpty(Environment.GetEnvironmentVariable(DriverVariable)) && folder is not null)
        {
            Environment.SetEnvironmentVariable(DriverVariable, Path.Combine(folder, "libcuda.so.1"));
            Environment.SetEnvironmentVariable("REVUP_CUDNN_LIBRARY", Path.Combine(folder, "libcudnn.so.9"));
            Environment.SetEnvironmentVariable("REVUP_CUBLASLT_LIBRARY", Path.Combine(folder, "libcublasLt.so.12"));
            Environment.SetEnvironmentVariable("REVUP_NCCL_LIBRARY", Path.Combine(folder, "libnccl.so.2"));
            Environment.SetEnvironmentVariable("REVUP_CUBLAS_LIBRARY", Path.Combine(folder, "libcublas.so.12"));
            Environment.SetEnvironmentVariable(
                RecordedRanges.LibraryVariable, Path.Combine(folder, "librevup_nvtx.so"));
            Environment.SetEnvironmentVariable("REVUP_CUDA_KERNELS", Path.Combine(folder, "revup_kernels.fatbin"));
            // Read by the processes that tests start: a backend of all memory would fill gigabytes
            // of the machine's with NaN.
            Environment.SetEnvironmentVariable("REVUP_CUDA_ON_CPU_MEMORY", MemoryOfProcesses);
        }

        if (string.IsNullOrEmpty(Environment.GetEnvironmentVariable(CacheVariable)))
        {
            string cache = Path.Combine(Path.GetTempPath(), $"revup-tests-{Environment.ProcessId}");
            Environment.SetEnvironmentVariable(CacheVariable, cache);
            AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.CreateDirectory(cache).Delete(recursive: true);
        }

        // Read by the stand-in in this process: two ranks need two devices.
        CEnvironment.Propose("REVUP_CUDA_ON_CPU_DEVICES", "2");
        CudaPlatform platform = CudaPlatform.Probe();
        return platform.IsUsable || string.IsNullOrEmpty(choice)
            ? platform.IsUsable
            : throw new InvalidOperationException(
                $"{ChoiceVariable} is '{choice}', and that cannot be used: {platform.Problems[0]}");
    });

    /// <summary>Whether a backend can be opened.</summary>
    internal static bool IsUsable => s_isUsable.Value;

    /// <summary>The folder of stand-ins to use, or null for the machine's libraries.</summary>
    /// <param name="choice">The variable's value.</param>
    /// <param name="built">Where stand-ins were built, or null.</param>
    internal static string? StandIn(string? choice, string? built) => (choice, built) switch
    {
        ("real", _) => null,
        ("stand-in", null) => throw new InvalidOperationException(
            $"{ChoiceVariable} is 'stand-in', but artifacts/cuda-on-cpu is in no parent folder of "
            + $"{AppContext.BaseDirectory}: ./build.sh test builds it."),
        ("stand-in" or "" or null, _) => built,
        _ => throw new InvalidOperationException(
            $"{ChoiceVariable} is '{choice}'; use 'real', 'stand-in', or leave it unset."),
    };

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
