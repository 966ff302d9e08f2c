namespace RevUp.Interop.Nccl;

/// <summary>
/// The functions of NCCL that RevUp calls, one method per function, in versions from 2.14; NVIDIA's
/// manual is the contract. Operations are enqueued on a stream of the communicator's device. All
/// ranks make the same calls in the same order.
/// </summary>
internal static unsafe partial class NcclLibrary
{
    /// <summary>The oldest version, as 10000·major + 100·minor + patch.</summary>
    public const int OldestVersion = 2_14_00;

    static NcclLibrary() => NativeLibraries.Register();

    /// <summary>The version, as 10000·major + 100·minor + patch from 2.9 on.</summary>
    [LibraryImport(NativeLibraries.Nccl, EntryPoint = "ncclGetVersion")]
    public static partial NcclResult GetVersion(int* version);

    /// <summary>A sentence about a code; static memory.</summary>
    [LibraryImport(NativeLibraries.Nccl, EntryPoint = "ncclGetErrorString")]
    public static partial byte* GetErrorString(NcclResult result);

    /// <summary>The library's last warning in this process; the communicator is null.</summary>
    [LibraryImport(NativeLibraries.Nccl, EntryPoint = "ncclGetLastError")]
    public static partial byte* GetLastError(nint communicator);

    /// <summary>Makes a name; the address in NCCL_COMM_ID decides it where that is set.</summary>
    [LibraryImport(NativeLibraries.Nccl, EntryPoint = "ncclGetUniqueId")]
    public static partial NcclResult GetUniqueId(NcclUniqueId* id);

    /// <summary>
    /// Joins the other ranks on the calling thread's context; waits until all have come.
    /// </summary>
    [LibraryImport(NativeLibraries.Nccl, EntryPoint = "ncclCommInitRankConfig")]
    public static partial NcclResult CommInitRankConfig(
        nint* communicator, int size, NcclUniqueId id, int rank, NcclConfiguration* configuration);

    /// <summary>The first failure of enqueued work, or Success.</summary>
    [LibraryImport(NativeLibraries.Nccl, EntryPoint = "ncclCommGetAsyncError")]
    public static partial NcclResult CommGetAsyncError(NcclCommunicator communicator, NcclResult* error);

    /// <summary>Waits for enqueued work of all ranks.</summary>
    [LibraryImport(NativeLibraries.Nccl, EntryPoint = "ncclCommFinalize")]
    public static partial NcclResult CommFinalize(NcclCommunicator communicator);

    /// <summary>Frees a communicator.</summary>
    [LibraryImport(NativeLibraries.Nccl, EntryPoint = "ncclCommDestroy")]
    public static partial NcclResult CommDestroy(nint communicator);

    /// <summary>Frees a communicator and gives its work up.</summary>
    [LibraryImport(NativeLibraries.Nccl, EntryPoint = "ncclCommAbort")]
    public static partial NcclResult CommAbort(nint communicator);

    /// <summary>Combines element by element; the same address twice is in place.</summary>
    [LibraryImport(NativeLibraries.Nccl, EntryPoint = "ncclAllReduce")]
    public static partial NcclResult AllReduce(
        DevicePointer send, DevicePointer receive, nuint count, NcclType type, NcclOperation operation,
        NcclCommunicator communicator, CudaStream stream);

    /// <summary>Copies from one rank to all; others do not read <c>send</c>.</summary>
    [LibraryImport(NativeLibraries.Nccl, EntryPoint = "ncclBroadcast")]
    public static partial NcclResult Broadcast(
        DevicePointer send, DevicePointer receive, nuint count, NcclType type, int root, NcclCommunicator communicator,
        CudaStream stream);

    /// <summary>
    /// Collects <c>sent</c> elements of each rank; in place, <c>send</c> is this rank's part.
    /// </summary>
    [LibraryImport(NativeLibraries.Nccl, EntryPoint = "ncclAllGather")]
    public static partial NcclResult AllGather(
        DevicePointer send, DevicePointer receive, nuint sent, NcclType type, NcclCommunicator communicator,
        CudaStream stream);

    /// <summary>Sends to a rank that calls <see cref="Receive"/>.</summary>
    [LibraryImport(NativeLibraries.Nccl, EntryPoint = "ncclSend")]
    public static partial NcclResult Send(
        DevicePointer send, nuint count, NcclType type, int peer, NcclCommunicator communicator, CudaStream stream);

    /// <summary>Receives from a rank that calls <see cref="Send"/>.</summary>
    [LibraryImport(NativeLibraries.Nccl, EntryPoint = "ncclRecv")]
    public static partial NcclResult Receive(
        DevicePointer receive, nuint count, NcclType type, int peer, NcclCommunicator communicator, CudaStream stream);

    /// <summary>Starts a group: its operations are enqueued together at its end.</summary>
    [LibraryImport(NativeLibraries.Nccl, EntryPoint = "ncclGroupStart")]
    public static partial NcclResult GroupStart();

    /// <summary>Ends a group; returns the first failure in it.</summary>
    [LibraryImport(NativeLibraries.Nccl, EntryPoint = "ncclGroupEnd")]
    public static partial NcclResult GroupEnd();

    /// <summary>Refuses a version without the functions above.</summary>
    /// <exception cref="BadImageFormatException">
    /// The version is older, or the library does not state one.
    /// </exception>
    internal static void VerifyVersion(nint library, string place)
    {
        int version = 0;
        bool stated = NativeLibrary.TryGetExport(library, "ncclGetVersion", out nint function)
            && ((delegate* unmanaged<int*, NcclResult>)function)(&version) == NcclResult.Success;
        if (!stated || version < OldestVersion)
        {
            throw new BadImageFormatException(
                $"The library {place} is NCCL {(stated ? VersionOf(version) : "of no version")}, but RevUp needs 2.14 "
                + "or newer. Install it, or name its libnccl.so.2 in REVUP_NCCL_LIBRARY.", place);
        }
    }

    /// <summary>21803 is 2.18.3, and 2708 is 2.7.8.</summary>
    internal static Version VersionOf(int number)
    {
        int unit = number < 10_000 ? 1000 : 10_000;
        return new Version(number / unit, number % unit / 100, number % 100);
    }
}
