namespace RevUp.Interop.Cpu;

/// <summary>
/// Turns a status into an exception in the expression that made the call: <c>CpuLibrary.Axpy(n,
/// alpha, x, y).Check();</c>
/// </summary>
internal static class CpuStatusExtensions
{
    /// <summary>
    /// Returns when <paramref name="status"/> is Ok. Call it on the thread that made the native
    /// call: the message is kept per thread.
    /// </summary>
    /// <exception cref="NativeException">The status is not Ok.</exception>
    public static void Check(this CpuStatus status, [CallerArgumentExpression(nameof(status))] string expression = "")
    {
        if (status != CpuStatus.Ok)
        {
            Throw(status, expression);
        }
    }

    // Apart, so that the check itself is inlined.
    private static unsafe void Throw(CpuStatus status, string expression)
    {
        string detail = Marshal.PtrToStringUTF8((nint)CpuLibrary.LastError()) ?? "";
        throw new NativeException(expression, status, detail, Remedy(status));
    }

    private static string Remedy(CpuStatus status) => status switch
    {
        CpuStatus.InvalidArgument => "Correct the argument named above; revup_cpu.h says what each call accepts.",
        CpuStatus.OutOfMemory => "Lower the batch size or the memory budget, or free memory on this machine.",
        CpuStatus.Unsupported =>
            "Use float32, which every processor supports, or a processor with native arithmetic of this type.",
        _ => "This is a defect in the native library; report it with the text of CpuLibrary.Describe.",
    };
}
