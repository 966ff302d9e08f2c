using System.Runtime.Loader;

namespace RevUp.Interop.ManagedCuda;

/// <summary>
/// Leads ManagedCuda to the libraries that RevUp uses. Its own resolver probes names without a
/// version, which only a toolkit with development files has, and refuses a second one; what it does
/// not find, the runtime asks for here.
/// </summary>
internal static class ManagedCudaLibraries
{
    private static readonly NvidiaLibraryEntry s_cublas = new(
        "cublas", ["libcublas.so.12"], "cublas", "REVUP_CUBLAS_LIBRARY",
        "Install the CUDA toolkit 12, or the Python package nvidia-cublas-cu12.", (_, _) => { });

    private static readonly Lazy<nint> s_blas = new(() => NativeLibraries.Load(s_cublas));

    static ManagedCudaLibraries() => AssemblyLoadContext.Default.ResolvingUnmanagedDll += (_, name) => name switch
    {
        "cuda" or "libcuda" or "nvcuda" => Driver,
        "cublas" or "libcublas" or "cublas64_12" => Blas,
        _ => 0,
    };

    /// <summary>libcuda, the one of RevUp's own bindings.</summary>
    /// <exception cref="DllNotFoundException">
    /// There is none; the message lists where it was looked for.
    /// </exception>
    internal static nint Driver => NativeLibraries.Handle(NativeLibraries.Cuda);

    /// <summary>libcublas.</summary>
    /// <exception cref="DllNotFoundException">
    /// There is none; the message lists where it was looked for.
    /// </exception>
    internal static nint Blas => s_blas.Value;
}
