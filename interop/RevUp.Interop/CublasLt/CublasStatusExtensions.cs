namespace RevUp.Interop.CublasLt;

/// <summary>
/// Turns a status into an exception in the expression that made the call:
/// <c>CublasLtLibrary.Create(&amp;handle).Check();</c>
/// </summary>
internal static class CublasStatusExtensions
{
    /// <summary>Returns when <paramref name="status"/> is Success.</summary>
    /// <exception cref="NativeException">Any other status.</exception>
    public static void Check(
        this CublasStatus status, [CallerArgumentExpression(nameof(status))] string expression = "")
    {
        if (status != CublasStatus.Success)
        {
            throw new NativeException(expression, status, Describe(status), Remedy(status));
        }
    }

    // cuBLASLt puts its statuses in words only from version 11.4.2 of another library, cuBLAS,
    // which is not loaded here.
    private static string Describe(CublasStatus status) => status switch
    {
        CublasStatus.NotInitialized => "the library is not initialised",
        CublasStatus.AllocationFailed => "memory ran out inside the library",
        CublasStatus.InvalidValue => "an argument is wrong",
        CublasStatus.ArchitectureMismatch => "the device lacks a feature",
        CublasStatus.MappingError => "device memory could not be accessed",
        CublasStatus.ExecutionFailed => "a kernel failed on the device",
        CublasStatus.NotSupported => "the product is not supported",
        CublasStatus.LicenseError => "a licence is missing",
        _ => "an error inside the library",
    };

    private static string Remedy(CublasStatus status) => status switch
    {
        CublasStatus.NotInitialized or CublasStatus.ArchitectureMismatch =>
            "Check that the driver is new enough for this cuBLASLt, and the device for RevUp (compute capability 8.0).",
        CublasStatus.AllocationFailed =>
            "Lower the batch size or the memory budget, or end other processes on this device.",
        CublasStatus.ExecutionFailed or CublasStatus.MappingError =>
            "Run again under compute-sanitizer to find the kernel that failed, and check that driver and cuBLASLt fit.",
        _ =>
            "This is a defect in RevUp or in cuBLASLt; report it with the output of `revup devices` and the shape of "
            + "the product.",
    };
}
