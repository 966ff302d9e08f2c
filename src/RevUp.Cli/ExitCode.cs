namespace RevUp.Cli;

/// <summary>Result of the tool for its caller.</summary>
internal static class ExitCode
{
    public const int Success = 0;
    public const int Failure = 1;
    public const int Usage = 2;

    /// <summary>128 + SIGINT, as shells report a program that Ctrl-C ended.</summary>
    public const int Interrupted = 130;
}
