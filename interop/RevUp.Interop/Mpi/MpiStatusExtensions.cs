namespace RevUp.Interop.Mpi;

/// <summary>Turns a status into an exception in the expression that made the call.</summary>
internal static class MpiStatusExtensions
{
    private const int MaximumText = 8192;

    /// <summary>Returns when <paramref name="status"/> is Success.</summary>
    /// <exception cref="NativeException">The status is another.</exception>
    public static void Check(this MpiStatus status, [CallerArgumentExpression(nameof(status))] string expression = "")
    {
        if (status != MpiStatus.Success)
        {
            Throw(status, expression);
        }
    }

    // Apart, so that the check itself is inlined.
    private static unsafe void Throw(MpiStatus status, string expression)
    {
        byte* text = stackalloc byte[MaximumText];
        int length = 0;
        string detail = MpiLibrary.ErrorString((int)status, text, &length) == MpiStatus.Success
            ? Marshal.PtrToStringUTF8((nint)text, length)
            : "the library has no words for it";
        throw new NativeException(
            expression, status, detail, "Look at the messages of the other ranks and of the launcher.");
    }
}
