namespace RevUp.Interop.Cudnn;

/// <summary>
/// Turns a status into an exception in the expression that made the call:
/// <c>CudnnLibrary.SetStream(handle, stream).Check();</c>
/// </summary>
internal static class CudnnStatusExtensions
{
    /// <summary>Returns when <paramref name="status"/> is Success.</summary>
    /// <exception cref="NativeException">Any other status.</exception>
    public static void Check(this CudnnStatus status, [CallerArgumentExpression(nameof(status))] string expression = "")
    {
        if (status != CudnnStatus.Success)
        {
            Throw(status, expression);
        }
    }

    [DoesNotReturn]
    private static unsafe void Throw(CudnnStatus status, string expression)
    {
        string detail = Marshal.PtrToStringUTF8((nint)CudnnLibrary.GetErrorString(status)) ?? "";
        throw new NativeException(expression, status, detail, Remedy(status));
    }

    private static string Remedy(CudnnStatus status) => status switch
    {
        CudnnStatus.NotInitialized =>
            "Check that the driver is new enough for this cuDNN and that the device has memory left.",
        CudnnStatus.SublibraryVersionMismatch or CudnnStatus.SublibraryLoadingFailed =>
            "Two installations of cuDNN are mixed, or one is incomplete: keep one, or name its libcudnn.so.9 in "
            + "REVUP_CUDNN_LIBRARY and its folder in LD_LIBRARY_PATH.",
        >= CudnnStatus.NotSupported and < CudnnStatus.InternalError =>
            "This cuDNN cannot do it on this device: use a newer cuDNN 9, other channel counts or groups, or float32.",
        >= CudnnStatus.InternalError and < CudnnStatus.ExecutionFailed =>
            "Free device memory or lower the batch size; if that does not help, report it with the version of cuDNN.",
        >= CudnnStatus.ExecutionFailed =>
            "A kernel failed on the device: run again under compute-sanitizer to find which, and check that driver "
            + "and cuDNN fit.",
        _ => "This is a defect in RevUp; report it with the version of cuDNN and the shape of the convolution.",
    };
}
