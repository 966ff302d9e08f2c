using RevUp.Interop.Posix;

namespace RevUp.Interop.Mpi;

/// <summary>
/// The MPI library of the launcher. A library of another family would not find the launcher: every
/// process would be rank 0 of 1.
/// </summary>
/// <param name="FileNames">Files of the launcher's family, the preferred one first.</param>
/// <param name="Remedy">Advice when none can be loaded.</param>
internal sealed record MpiLibraryEntry(IReadOnlyList<string> FileNames, string Remedy)
    : NativeLibraryEntry(
        NativeLibraries.Mpi, string.Join(" or ", FileNames), "REVUP_MPI_LIBRARY", Remedy, MpiAbi.Verify)
{
    private static readonly string[] s_openMpi = ["libmpi.so.40"];

    // MPICH's own name, and the name that MPICH, Intel MPI and Cray's share.
    private static readonly string[] s_mpich = ["libmpich.so.12", "libmpi.so.12"];

    /// <summary>The entry for the launcher whose variables are set.</summary>
    public static MpiLibraryEntry Create(Func<string, string?> environment)
    {
        const string OpenMpi = "Open MPI (Debian: apt-get install openmpi-bin)";
        const string Mpich = "MPICH (Debian: apt-get install mpich)";
        bool isOpenMpi = environment("OMPI_COMM_WORLD_SIZE") is not null || environment("PMIX_RANK") is not null;
        bool isMpich = !isOpenMpi && environment("PMI_RANK") is not null;
        (string[] files, string package) = isOpenMpi ? (s_openMpi, OpenMpi)
            : isMpich ? (s_mpich, Mpich)
            : ([.. s_openMpi, .. s_mpich], $"{OpenMpi} or {Mpich}");
        return new MpiLibraryEntry(files, $"Install {package} on every node.")
        {
            // UCX would take over SIGSEGV, by which the runtime notices null references.
            BeforeLoading = () => CEnvironment.Propose("UCX_ERROR_SIGNALS", ""),
        };
    }

    /// <inheritdoc/>
    internal override IReadOnlyList<string> Places(
        string? overridePath, string baseDirectory, IEnumerable<string> hostFolders) =>
        string.IsNullOrEmpty(overridePath) ? FileNames : [overridePath];
}
