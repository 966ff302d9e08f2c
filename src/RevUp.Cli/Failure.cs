namespace RevUp.Cli;

/// <summary>Tells the user what went wrong, in one paragraph and without a stack trace.</summary>
internal static class Failure
{
    /// <summary>Writes the paragraph and returns the exit code.</summary>
    /// <param name="exception">The failure.</param>
    /// <param name="error">Where to.</param>
    /// <param name="verbose">Whether with a stack trace.</param>
    /// <param name="place">The rank that failed, where there are several.</param>
    public static int Report(Exception exception, TextWriter error, bool verbose, string place = "")
    {
        error.WriteLine($"{place}error: {Describe(Cause(exception)).ReplaceLineEndings(" ")}");
        if (verbose)
        {
            error.WriteLine(exception);
        }
        return ExitCode.Failure;
    }

    private static string Describe(Exception exception) => exception switch
    {
        // The last is a library of another version, a driver that is too old among them.
        RevUpException or DllNotFoundException or BadImageFormatException => exception.Message,
        IOException or UnauthorizedAccessException =>
            $"{exception.Message} Check that the path exists and can be written, and that the disk has room.",
        OutOfMemoryException =>
            "The memory of this machine is used up. Use a smaller batch or image, or the policy 'invert'.",
        _ => $"{exception.GetType().Name}: {exception.Message} This should not happen; please report it with the "
            + "command line and the output of --verbose.",
    };

    private static Exception Cause(Exception exception) =>
        exception is AggregateException or TypeInitializationException && exception.InnerException is { } inner
            ? Cause(inner)
            : exception;
}
