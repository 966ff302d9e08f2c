namespace RevUp.Interop.CublasLt;

/// <summary>
/// The part of cuBLASLt 12 and 13 that RevUp calls, one method per function; NVIDIA's manual is the
/// contract. Matrices are column-major.
/// </summary>
internal static unsafe partial class CublasLtLibrary
{
    private const int OldestMajor = 12;

    static CublasLtLibrary() => NativeLibraries.Register();

    /// <summary>The version that is loaded.</summary>
    public static Version Version => VersionOf(GetVersion());

    /// <summary>10000·major + 100·minor + patch.</summary>
    [LibraryImport(NativeLibraries.CublasLt, EntryPoint = "cublasLtGetVersion")]
    public static partial nuint GetVersion();

    /// <summary>Creates a library handle on the current context.</summary>
    [LibraryImport(NativeLibraries.CublasLt, EntryPoint = "cublasLtCreate")]
    public static partial CublasStatus Create(nint* handle);

    /// <summary>Destroys a library handle.</summary>
    [LibraryImport(NativeLibraries.CublasLt, EntryPoint = "cublasLtDestroy")]
    public static partial CublasStatus Destroy(nint handle);

    /// <summary>Creates the description of a product.</summary>
    [LibraryImport(NativeLibraries.CublasLt, EntryPoint = "cublasLtMatmulDescCreate")]
    public static partial CublasStatus MatmulDescCreate(
        nint* description, CublasComputeType computeType, CublasDataType scaleType);

    /// <summary>Destroys the description of a product.</summary>
    [LibraryImport(NativeLibraries.CublasLt, EntryPoint = "cublasLtMatmulDescDestroy")]
    public static partial CublasStatus MatmulDescDestroy(nint description);

    /// <summary>Changes one setting of a product.</summary>
    [LibraryImport(NativeLibraries.CublasLt, EntryPoint = "cublasLtMatmulDescSetAttribute")]
    public static partial CublasStatus MatmulDescSetAttribute(
        MatmulDescriptor description, CublasLtMatmulSetting attribute, void* value, nuint bytes);

    /// <summary>
    /// Creates the description of a matrix whose columns are <paramref name="leadingDimension"/>
    /// elements apart.
    /// </summary>
    [LibraryImport(NativeLibraries.CublasLt, EntryPoint = "cublasLtMatrixLayoutCreate")]
    public static partial CublasStatus MatrixLayoutCreate(
        nint* layout, CublasDataType type, ulong rows, ulong columns, long leadingDimension);

    /// <summary>Destroys the description of a matrix.</summary>
    [LibraryImport(NativeLibraries.CublasLt, EntryPoint = "cublasLtMatrixLayoutDestroy")]
    public static partial CublasStatus MatrixLayoutDestroy(nint layout);

    /// <summary>Creates conditions on an algorithm.</summary>
    [LibraryImport(NativeLibraries.CublasLt, EntryPoint = "cublasLtMatmulPreferenceCreate")]
    public static partial CublasStatus MatmulPreferenceCreate(nint* preference);

    /// <summary>Destroys conditions.</summary>
    [LibraryImport(NativeLibraries.CublasLt, EntryPoint = "cublasLtMatmulPreferenceDestroy")]
    public static partial CublasStatus MatmulPreferenceDestroy(nint preference);

    /// <summary>Changes one condition.</summary>
    [LibraryImport(NativeLibraries.CublasLt, EntryPoint = "cublasLtMatmulPreferenceSetAttribute")]
    public static partial CublasStatus MatmulPreferenceSetAttribute(
        MatmulPreference preference, CublasLtPreferenceSetting attribute, void* value, nuint bytes);

    /// <summary>Candidates for a product, the one expected to be the fastest first.</summary>
    [LibraryImport(NativeLibraries.CublasLt, EntryPoint = "cublasLtMatmulAlgoGetHeuristic")]
    public static partial CublasStatus MatmulAlgoGetHeuristic(
        CublasLtHandle handle, MatmulDescriptor description, MatrixLayout a, MatrixLayout b, MatrixLayout c,
        MatrixLayout d, MatmulPreference preference, int requested, CublasLtHeuristicResult* candidates, int* returned);

    /// <summary>
    /// D = alpha·op(A)·op(B) + beta·C; alpha and beta are on the host; C and D may be the same.
    /// </summary>
    [LibraryImport(NativeLibraries.CublasLt, EntryPoint = "cublasLtMatmul")]
    public static partial CublasStatus Matmul(
        CublasLtHandle handle, MatmulDescriptor description, float* alpha, DevicePointer a, MatrixLayout aLayout,
        DevicePointer b, MatrixLayout bLayout,
        float* beta, DevicePointer c, MatrixLayout cLayout, DevicePointer d, MatrixLayout dLayout,
        CublasLtAlgorithm* algorithm, DevicePointer workspace, nuint workspaceBytes, CudaStream stream);

    /// <summary>Refuses a version before 12, whose structures were not checked.</summary>
    /// <exception cref="BadImageFormatException">
    /// The version is older, or the library does not state one.
    /// </exception>
    internal static void VerifyVersion(nint library, string place)
    {
        Version? version = NativeLibrary.TryGetExport(library, "cublasLtGetVersion", out nint function)
            ? VersionOf(((delegate* unmanaged<nuint>)function)()) : null;
        if (version is null || version.Major < OldestMajor)
        {
            throw new BadImageFormatException(
                $"The library {place} is cuBLASLt {version?.ToString() ?? "of no version"}, but RevUp needs "
                + $"{OldestMajor} or newer. Install it, or name its libcublasLt.so.12 in REVUP_CUBLASLT_LIBRARY.",
                place);
        }
    }

    private static Version VersionOf(nuint number) =>
        new((int)(number / 10_000), (int)(number % 10_000 / 100), (int)(number % 100));
}
