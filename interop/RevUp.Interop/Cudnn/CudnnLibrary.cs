namespace RevUp.Interop.Cudnn;

/// <summary>
/// The part of cuDNN 9 that RevUp calls, one method per function: its convolution descriptors and
/// the convolution API that NVIDIA calls legacy; NVIDIA's manual is the contract. Dimensions are
/// given outermost first as N C (D) H W whatever their order in memory; alpha and beta are floats
/// on the host.
/// </summary>
internal static unsafe partial class CudnnLibrary
{
    private const int ExpectedMajor = 9;

    static CudnnLibrary() => NativeLibraries.Register();

    /// <summary>The version that is loaded.</summary>
    public static Version Version => VersionOf(GetVersion());

    /// <summary>10000·major + 100·minor + patch.</summary>
    [LibraryImport(NativeLibraries.Cudnn, EntryPoint = "cudnnGetVersion")]
    public static partial nuint GetVersion();

    /// <summary>A status as zero-terminated text; static memory.</summary>
    [LibraryImport(NativeLibraries.Cudnn, EntryPoint = "cudnnGetErrorString")]
    public static partial byte* GetErrorString(CudnnStatus status);

    /// <summary>Creates a library handle on the current context.</summary>
    [LibraryImport(NativeLibraries.Cudnn, EntryPoint = "cudnnCreate")]
    public static partial CudnnStatus Create(nint* handle);

    /// <summary>Destroys a library handle.</summary>
    [LibraryImport(NativeLibraries.Cudnn, EntryPoint = "cudnnDestroy")]
    public static partial CudnnStatus Destroy(nint handle);

    /// <summary>Sets the stream of the handle's later calls.</summary>
    [LibraryImport(NativeLibraries.Cudnn, EntryPoint = "cudnnSetStream")]
    public static partial CudnnStatus SetStream(CudnnHandle handle, CudaStream stream);

    /// <summary>Refuses another major version, whose functions and codes differ.</summary>
    /// <exception cref="BadImageFormatException">
    /// The version differs, or the library does not state one.
    /// </exception>
    internal static void VerifyVersion(nint library, string place)
    {
        Version? version = NativeLibrary.TryGetExport(library, "cudnnGetVersion", out nint function)
            ? VersionOf(((delegate* unmanaged<nuint>)function)()) : null;
        if (version?.Major != ExpectedMajor)
        {
            throw new BadImageFormatException(
                $"The library {place} is cuDNN {version?.ToString() ?? "of no version"}, but RevUp needs cuDNN "
                + $"{ExpectedMajor}. Install it, or name its libcudnn.so.9 in REVUP_CUDNN_LIBRARY.",
                place);
        }
    }

    private static Version VersionOf(nuint number) =>
        new((int)(number / 10_000), (int)(number % 10_000 / 100), (int)(number % 100));
}
