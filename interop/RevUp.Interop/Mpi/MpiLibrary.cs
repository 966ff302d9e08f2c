namespace RevUp.Interop.Mpi;

/// <summary>
/// The functions of MPI that RevUp calls, of Open MPI and of MPICH's family. Handles are nint (<see
/// cref="MpiAbi"/>). Errors come back as a status once <see cref="SetErrorHandler"/> was called.
/// </summary>
internal static unsafe partial class MpiLibrary
{
    /// <summary>MPI_THREAD_FUNNELED: one thread calls the library.</summary>
    public const int Funneled = 1;

    static MpiLibrary() => NativeLibraries.Register();

    /// <summary>The constants of the loaded library.</summary>
    public static MpiAbi Abi { get; } = MpiAbi.Of(NativeLibraries.Handle(NativeLibraries.Mpi));

    [LibraryImport(NativeLibraries.Mpi, EntryPoint = "MPI_Init_thread")]
    public static partial MpiStatus Initialize(int* count, nint* arguments, int required, int* provided);

    [LibraryImport(NativeLibraries.Mpi, EntryPoint = "MPI_Comm_set_errhandler")]
    public static partial MpiStatus SetErrorHandler(nint communicator, nint handler);

    [LibraryImport(NativeLibraries.Mpi, EntryPoint = "MPI_Comm_rank")]
    public static partial MpiStatus Rank(nint communicator, int* rank);

    [LibraryImport(NativeLibraries.Mpi, EntryPoint = "MPI_Comm_size")]
    public static partial MpiStatus Size(nint communicator, int* size);

    [LibraryImport(NativeLibraries.Mpi, EntryPoint = "MPI_Get_library_version")]
    public static partial MpiStatus Version(byte* text, int* length);

    [LibraryImport(NativeLibraries.Mpi, EntryPoint = "MPI_Error_string")]
    public static partial MpiStatus ErrorString(int code, byte* text, int* length);

    /// <summary>Sums or compares element by element, in place where <c>send</c> says so.</summary>
    [LibraryImport(NativeLibraries.Mpi, EntryPoint = "MPI_Allreduce")]
    public static partial MpiStatus AllReduce(
        nint send, void* receive, int count, nint type, nint operation, nint communicator);

    [LibraryImport(NativeLibraries.Mpi, EntryPoint = "MPI_Bcast")]
    public static partial MpiStatus Broadcast(void* values, int count, nint type, int root, nint communicator);

    [LibraryImport(NativeLibraries.Mpi, EntryPoint = "MPI_Alltoall")]
    public static partial MpiStatus AllToAll(
        void* send, int sent, nint sendType, void* receive, int received, nint receiveType, nint communicator);

    [LibraryImport(NativeLibraries.Mpi, EntryPoint = "MPI_Allgather")]
    public static partial MpiStatus AllGather(
        nint send, int sent, nint sendType, void* receive, int received, nint receiveType, nint communicator);

    [LibraryImport(NativeLibraries.Mpi, EntryPoint = "MPI_Ibarrier")]
    public static partial MpiStatus StartBarrier(nint communicator, nint* request);

    [LibraryImport(NativeLibraries.Mpi, EntryPoint = "MPI_Test")]
    public static partial MpiStatus Test(nint* request, int* done, nint status);

    /// <summary>Ends the processes of all ranks; does not return.</summary>
    [LibraryImport(NativeLibraries.Mpi, EntryPoint = "MPI_Abort")]
    public static partial MpiStatus Abort(nint communicator, int code);

    [LibraryImport(NativeLibraries.Mpi, EntryPoint = "MPI_Finalize")]
    public static partial MpiStatus Terminate();
}
