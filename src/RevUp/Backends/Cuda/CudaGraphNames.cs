namespace RevUp.Backends.Cuda;

/// <summary>
/// The operations of a graph and their ranges, as lines of "number, operation, ranges" with tabs
/// between, in the order in which they became nodes. Kernels of RevUp have their own names; a call
/// of a library may be several nodes.
/// </summary>
internal static class CudaGraphNames
{
    private const string Head = "number\toperation\tranges";

    /// <summary>Issues the operations and writes their names.</summary>
    public static void Write(string file, DeviceQueue queue, Action issue)
    {
        queue.Noted = [];
        try
        {
            issue();
            File.WriteAllLines(
                file,
                queue.Noted.Select((node, number) => string.Create(
                    CultureInfo.InvariantCulture, $"{number}\t{node.Operation}\t{node.Ranges}")).Prepend(Head));
        }
        finally
        {
            queue.Noted = null;
        }
    }
}
