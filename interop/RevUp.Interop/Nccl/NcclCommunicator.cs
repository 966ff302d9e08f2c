using RevUp.Interop.Posix;

namespace RevUp.Interop.Nccl;

/// <summary>
/// One rank's end of a communicator, on the device that was current when it joined. Operations are
/// enqueued on a stream of that device, and counts are elements. All ranks make the same calls in
/// the same order.
/// </summary>
/// <remarks>
/// A failure of enqueued work is known to <see cref="ThrowIfFailed"/> alone; until then the stream
/// stands still. The library does not notice a dead rank of the same node: waits need a deadline.
/// </remarks>
internal sealed unsafe class NcclCommunicator : OwnedHandle
{
    /// <summary>Names host and port of rank 0, where the ranks meet.</summary>
    public const string AddressVariable = "NCCL_COMM_ID";

    private NcclCommunicator(int rank, int size) => (Rank, Size) = (rank, size);

    /// <summary>The version that is loaded.</summary>
    /// <exception cref="DllNotFoundException">
    /// There is no NCCL; the message lists where it was looked for.
    /// </exception>
    public static Version Version
    {
        get
        {
            int version;
            NcclLibrary.GetVersion(&version).Check();
            return NcclLibrary.VersionOf(version);
        }
    }

    /// <summary>Number of this rank, from 0.</summary>
    public int Rank { get; }

    /// <summary>Number of ranks.</summary>
    public int Size { get; }

    /// <summary>
    /// Makes a name for a communicator. One rank makes it and sends it to the others.
    /// </summary>
    /// <exception cref="NativeException">NCCL finds no network to listen on.</exception>
    public static NcclUniqueId CreateId()
    {
        NcclUniqueId id;
        NcclLibrary.GetUniqueId(&id).Check();
        return id;
    }

    /// <summary>
    /// The name of the communicator whose ranks meet at an address: each rank makes it for itself,
    /// and rank 0 listens there once it joins. An NCCL_COMM_ID of the user goes before it. The
    /// address then holds for every other name in this process.
    /// </summary>
    /// <param name="address">Host of rank 0, and a port that is free there: "node1:29501".</param>
    /// <exception cref="NativeException">The address is damaged, or its host unknown.</exception>
    public static NcclUniqueId IdAt(string address)
    {
        CEnvironment.Propose(AddressVariable, address);
        return CreateId();
    }

    /// <summary>
    /// Joins the other ranks on the calling thread's context, and waits until all have come.
    /// </summary>
    /// <exception cref="NativeException">
    /// Two ranks share a device, a rank cannot be reached, or the ranks differ in their sizes.
    /// </exception>
    public static NcclCommunicator Join(int rank, int size, NcclUniqueId id)
    {
        NcclCommunicator owner = new(rank, size);
        NcclConfiguration configuration = new();
        nint created;
        NcclLibrary.CommInitRankConfig(&created, size, id, rank, &configuration).Check();
        owner.SetHandle(created);
        return owner;
    }

    /// <summary>
    /// Until its disposal, gathers operations that are then enqueued together. Sends and receives
    /// of several ranks need it, because each would wait for its peer.
    /// </summary>
    public static NcclGroup OpenGroup()
    {
        NcclLibrary.GroupStart().Check();
        return new NcclGroup(isOpen: true);
    }

    /// <summary>
    /// Combines element by element over all ranks; all get the same bits. In place where both
    /// addresses are one.
    /// </summary>
    public void AllReduce(
        DevicePointer send, DevicePointer receive, long count, NcclType type, NcclOperation operation,
        CudaStream stream) =>
        NcclLibrary.AllReduce(send, receive, (nuint)count, type, operation, this, stream).Check();

    /// <summary>Replaces the elements of all ranks by the elements of one, in place.</summary>
    public void Broadcast(DevicePointer values, long count, NcclType type, int root, CudaStream stream) =>
        NcclLibrary.Broadcast(values, values, (nuint)count, type, root, this, stream).Check();

    /// <summary>
    /// Collects <paramref name="sent"/> elements of every rank, in rank order. In place where
    /// <paramref name="send"/> is this rank's part of <paramref name="receive"/>.
    /// </summary>
    public void AllGather(DevicePointer send, DevicePointer receive, long sent, NcclType type, CudaStream stream) =>
        NcclLibrary.AllGather(send, receive, (nuint)sent, type, this, stream).Check();

    /// <summary>Sends to a rank that receives as much.</summary>
    public void Send(DevicePointer values, long count, NcclType type, int peer, CudaStream stream) =>
        NcclLibrary.Send(values, (nuint)count, type, peer, this, stream).Check();

    /// <summary>Receives what a rank sends.</summary>
    public void Receive(DevicePointer values, long count, NcclType type, int peer, CudaStream stream) =>
        NcclLibrary.Receive(values, (nuint)count, type, peer, this, stream).Check();

    /// <summary>Asks for a failure of enqueued work, without waiting for the work.</summary>
    /// <exception cref="NativeException">There was one, on this rank or on another.</exception>
    public void ThrowIfFailed()
    {
        NcclResult error;
        NcclLibrary.CommGetAsyncError(this, &error).Check();
        error.Check("NcclLibrary.CommGetAsyncError");
    }

    /// <summary>Waits for the enqueued work of all ranks; no operation may follow.</summary>
    public void Complete() => NcclLibrary.CommFinalize(this).Check();

    /// <summary>
    /// Gives the enqueued work up and frees the communicator. It may hang where only some ranks do
    /// so: end the process in that case.
    /// </summary>
    public void Abort()
    {
        nint aborted = handle;
        SetHandleAsInvalid();
        NcclLibrary.CommAbort(aborted).Check();
    }

    protected override bool ReleaseHandle() => NcclLibrary.CommDestroy(handle) == NcclResult.Success;
}
