using RevUp.Tensors;

namespace RevUp.Cli;

/// <summary>Tells the user what went wrong, in one paragraph and without a stack trace.</summary>
internal static class Failure
{
    // Thrown by RevUp.Interop, which only the library may reference.
    private const string InteropNamespace = "RevUp.Interop";

    /// <summary>Writes the paragraph and returns the exit code.</summary>
    public static int Report(Exception exception, TextWriter error, bool verbose)
    {
        error.WriteLine($"error: {Describe(Cause(exception)).ReplaceLineEndings(" ")}");
        if (verbose)
        {
            error.WriteLine(exception);
        }
        return ExitCode.Failure;
    }

    private static string Describe(Exception exception) => exception switch
    {
        // The last is a library of another version, a driver that is too old among them.
        ConfigurationException or ArenaExhaustedException or DllNotFoundException or BadImageFormatException => exception.Message,
        // The library's own file errors already say what to do.
        IOException when IsOurs(exception) => exception.Message,
        IOException or UnauthorizedAccessException => $"{exception.Message} Check that the path exists and can be written, and that the disk has room.",
        OutOfMemoryException => "The memory of this machine is used up. Use a smaller batch or image, or the policy 'invert'.",
        _ when IsOurs(exception) => exception.Message,
        _ => $"{exception.GetType().Name}: {exception.Message} This should not happen; please report it with the command line and the output of --verbose.",
    };

    private static bool IsOurs(Exception exception) =>
        exception.GetType().Assembly == typeof(ConfigurationException).Assembly || exception.GetType().Namespace == InteropNamespace;

    private static Exception Cause(Exception exception) =>
        exception is AggregateException or TypeInitializationException && exception.InnerException is { } inner ? Cause(inner) : exception;
}
