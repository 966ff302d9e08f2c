namespace RevUp.Interop.Nccl;

/// <summary>Turns a result into an exception in the expression that made the call.</summary>
internal static class NcclStatusExtensions
{
    /// <summary>Returns when <paramref name="result"/> is Success.</summary>
    /// <exception cref="NativeException">
    /// Any other result; the message has the library's last warning.
    /// </exception>
    public static void Check(
        this NcclResult result, [CallerArgumentExpression(nameof(result))] string expression = "")
    {
        if (result != NcclResult.Success)
        {
            throw new NativeException(expression, result, Describe(result), Remedy(result));
        }
    }

    // The library says at which rank or socket it failed in its last warning alone.
    private static unsafe string Describe(NcclResult result)
    {
        string words = Marshal.PtrToStringUTF8((nint)NcclLibrary.GetErrorString(result)) ?? "";
        string last = Marshal.PtrToStringUTF8((nint)NcclLibrary.GetLastError(0))?.Trim() ?? "";
        return last.Length == 0 ? words : $"{words}; {last}";
    }

    private static string Remedy(NcclResult result) => result switch
    {
        NcclResult.UnhandledCudaError =>
            "Each rank needs a device for itself: start at most as many ranks on a node as nvidia-smi lists. Set "
            + "NCCL_DEBUG=INFO to see the call of CUDA that failed.",
        NcclResult.SystemError =>
            "Look whether the nodes reach each other: NCCL_SOCKET_IFNAME names the network, NCCL_COMM_ID the address "
            + "of rank 0. In a container give --shm-size=1g and --ulimit memlock=-1. Set NCCL_DEBUG=INFO to see more.",
        NcclResult.RemoteError or NcclResult.Timeout =>
            "Look at the messages of the other ranks, one of which has ended or cannot be reached; then go on with "
            + "--resume.",
        NcclResult.InProgress => "Unset NCCL_COMM_BLOCKING: RevUp needs calls that block.",
        NcclResult.InvalidArgument or NcclResult.InvalidUsage =>
            "Start every rank with the same program, recipe and options. Set NCCL_DEBUG=WARN to see more.",
        _ => "Set NCCL_DEBUG=INFO to see more, and report it with the output of `revup devices`.",
    };
}
