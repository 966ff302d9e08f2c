namespace RevUp.Interop.Image;

/// <summary>Turns a status into an exception in the expression that made the call.</summary>
internal static class ImageStatusExtensions
{
    /// <summary>
    /// Returns when <paramref name="status"/> is Ok. Call it on the thread that made the native
    /// call: the message is kept per thread.
    /// </summary>
    /// <exception cref="ImageFormatException">
    /// The status is InvalidData: the data is at fault, not the call.
    /// </exception>
    /// <exception cref="NativeException">The status is another.</exception>
    public static void Check(this ImageStatus status, [CallerArgumentExpression(nameof(status))] string expression = "")
    {
        if (status != ImageStatus.Ok)
        {
            Throw(status, expression);
        }
    }

    // Apart, so that the check itself is inlined.
    private static unsafe void Throw(ImageStatus status, string expression)
    {
        string detail = Marshal.PtrToStringUTF8((nint)ImageLibrary.LastError()) ?? "";
        throw status == ImageStatus.InvalidData
            ? new ImageFormatException(detail)
            : new NativeException(expression, status, detail, Remedy(status));
    }

    private static string Remedy(ImageStatus status) => status switch
    {
        ImageStatus.InvalidArgument => "Correct the argument named above; revup_image.h says what each call accepts.",
        ImageStatus.OutOfMemory => "Use fewer worker threads, or free memory on this machine.",
        _ => "This is a defect in the native library; report it with the image that caused it.",
    };
}
