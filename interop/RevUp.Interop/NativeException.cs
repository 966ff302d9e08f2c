using RevUp.Interop.Cpu;

namespace RevUp.Interop;

/// <summary>A native call failed; the message names the call, its status, the library's own words and what to do.</summary>
public sealed class NativeException : Exception
{
    internal NativeException(string call, CpuStatus status, string detail, string remedy)
        : base($"{call} failed with {status} ({(int)status}): {detail}. {remedy}")
    {
        Call = call;
        Status = status;
    }

    /// <summary>The binding that failed, such as "CpuLibrary.Axpy".</summary>
    public string Call { get; }

    /// <summary>The status that it returned; never <see cref="CpuStatus.Ok"/>.</summary>
    public CpuStatus Status { get; }
}
