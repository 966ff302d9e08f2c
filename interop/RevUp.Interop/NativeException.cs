using RevUp.Interop.Nvtx;

namespace RevUp.Interop;

/// <summary>
/// A native call failed; the message names the call, its status, the library's own words, the
/// ranges of a step that it was issued in and what to do.
/// </summary>
internal sealed class NativeException : RevUpException
{
    /// <param name="expression">
    /// The source text of the call; what precedes its first parenthesis is its name.
    /// </param>
    /// <param name="status">
    /// Status that it returned, a member of the library's own enumeration.
    /// </param>
    /// <param name="detail">The library's words.</param>
    /// <param name="remedy">Advice to the reader, as whole sentences.</param>
    internal NativeException(string expression, Enum status, string detail, string remedy)
        : base($"{Name(expression)} failed with {status} ({status:D}): {detail.TrimEnd('.')}{Place()}. {remedy}")
    {
        Call = Name(expression);
        Status = status;
    }

    /// <summary>The binding that failed, such as "CpuLibrary.Axpy".</summary>
    public string Call { get; }

    /// <summary>
    /// The status that it returned, such as CpuStatus.InvalidArgument or CudaResult.OutOfMemory;
    /// never the one that means success.
    /// </summary>
    public Enum Status { get; }

    // On a GPU: a failure of earlier work is found by a later call.
    private static string Place()
    {
        string path = NvtxRange.Path;
        return path.Length == 0 ? "" : $"; found in {path}";
    }

    private static string Name(string expression) => expression.Split('(')[0].Trim();
}
