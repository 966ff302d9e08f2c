using System.Reflection;
using RevUp.Interop.Cpu;
using RevUp.Interop.CublasLt;
using RevUp.Interop.Cudnn;
using RevUp.Interop.Image;
using RevUp.Interop.Mpi;
using RevUp.Interop.Nccl;
using RevUp.Interop.Posix;

namespace RevUp.Interop;

/// <summary>
/// The one resolver of this assembly's native imports: every native library is an entry of its
/// table, loaded once and verified before its first call.
/// </summary>
internal static class NativeLibraries
{
    internal const string Cpu = "revup_cpu";
    internal const string Image = "revup_image";
    internal const string Cuda = "cuda";
    internal const string Cudnn = "cudnn";
    internal const string CublasLt = "cublasLt";
    internal const string Nccl = "nccl";
    internal const string Nvtx = "revup_nvtx";
    internal const string Mpi = "mpi";

    private const string OwnRemedy =
        "The package RevUp has it for linux-x64; in the repository, run ./build.sh to build it.";

    private static readonly NativeLibraryEntry[] s_entries =
    [
        new(Cpu, "librevup_cpu.so", "REVUP_CPU_LIBRARY", OwnRemedy, CpuLibrary.VerifyVersion)
        {
            IsInPackage = true,
            BeforeLoading = () =>
            {
                Platform.RequireProcessor();
                OpenMpWaits.Limit();
            },
        },
        new(Image, "librevup_image.so", "REVUP_IMAGE_LIBRARY", OwnRemedy, ImageLibrary.VerifyVersion)
        {
            IsInPackage = true,
            BeforeLoading = Platform.RequireProcessor,
        },
        new NvidiaLibraryEntry(
            Cuda, ["libcuda.so.1"], Package: null, "REVUP_CUDA_LIBRARY",
            "It comes with NVIDIA's driver: install driver 525 or newer, or train with --device cpu.",
            CudaLibrary.VerifyVersion),
        new NvidiaLibraryEntry(
            Cudnn, ["libcudnn.so.9"], "cudnn", "REVUP_CUDNN_LIBRARY",
            "Install cuDNN 9, for example with the Python package nvidia-cudnn-cu12.", CudnnLibrary.VerifyVersion)
        {
            // cuDNN opens its parts, cuBLASLt and NVRTC by name, where the loader may not look.
            Companions =
            [
                ["libcublasLt.so.13", "libcublasLt.so.12"],
                ["libnvrtc-builtins.so.*"],
                ["libnvrtc.so.13", "libnvrtc.so.12"],
                ["libcudnn_graph.so.9"],
                ["libcudnn_ops.so.9"],
                ["libcudnn_heuristic.so.9"],
                ["libcudnn_engines_runtime_compiled.so.9"],
                ["libcudnn_engines_precompiled.so.9"],
                ["libcudnn_cnn.so.9"],
                ["libcudnn_adv.so.9"],
            ],
        },
        new NvidiaLibraryEntry(
            CublasLt, ["libcublasLt.so.13", "libcublasLt.so.12"], "*", "REVUP_CUBLASLT_LIBRARY",
            "Install the CUDA toolkit 12 or 13, or the Python package nvidia-cublas-cu12.",
            CublasLtLibrary.VerifyVersion),
        new NvidiaLibraryEntry(
            Nccl, ["libnccl.so.2"], "nccl", "REVUP_NCCL_LIBRARY",
            "Install NCCL 2.14 or newer, for example with the Python package nvidia-nccl-cu12, or train on one GPU.",
            NcclLibrary.VerifyVersion)
        {
            // NVLS adds in another order at every call, so that no run could be repeated.
            BeforeLoading = () => CEnvironment.Propose("NCCL_NVLS_ENABLE", "0"),
        },
        new(
            Nvtx, "librevup_nvtx.so", "REVUP_NVTX_LIBRARY",
            "Run ./build.sh where the CUDA toolkit is installed, or ./build.sh --with-cuda, which fetches it.",
            (_, _) => { }),
        MpiLibraryEntry.Create(Environment.GetEnvironmentVariable),
    ];

    private static readonly Dictionary<string, Lazy<nint>> s_handles = s_entries.ToDictionary(
        entry => entry.Name, entry => new Lazy<nint>(() => Load(entry)));

    static NativeLibraries() => NativeLibrary.SetDllImportResolver(typeof(NativeLibraries).Assembly, Resolve);

    /// <summary>
    /// Installs the resolver; called by the static constructor of every class that imports.
    /// </summary>
    internal static void Register()
    {
        // The static constructor above does the work, exactly once: the runtime refuses a second
        // resolver.
    }

    /// <summary>A library of the table, loaded and checked.</summary>
    internal static nint Handle(string name) => s_handles[name].Value;

    /// <summary>
    /// Whether a library of the table loads and passes its check; otherwise why not, in one
    /// paragraph.
    /// </summary>
    internal static bool TryLoad(string name, [NotNullWhen(false)] out string? reason)
    {
        try
        {
            _ = Handle(name);
            reason = null;
            return true;
        }
        catch (Exception exception) when (exception is DllNotFoundException or BadImageFormatException)
        {
            reason = exception.Message;
            return false;
        }
    }

    // A property of the host without a name in the framework, but documented: folders with a
    // separator between them and often one at the end.
    private static string[] HostFolders() =>
        (AppContext.GetData("NATIVE_DLL_SEARCH_DIRECTORIES") as string ?? "")
            .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? searchPath) =>
        s_handles.TryGetValue(name, out Lazy<nint>? handle) ? handle.Value : 0;

    /// <summary>Loads a library from the first of its places and checks it.</summary>
    internal static nint Load(NativeLibraryEntry entry)
    {
        string? overridePath = Environment.GetEnvironmentVariable(entry.EnvironmentVariable);
        IReadOnlyList<string> places = entry.Places(overridePath, AppContext.BaseDirectory, HostFolders());
        (nint handle, string place) = entry.Load(places, Platform.Identifier);
        entry.Verify(handle, place);
        return handle;
    }
}
