namespace RevUp;

/// <summary>
/// Base of every exception that RevUp defines: a recipe, a file, a device or a loss that is at
/// fault. Wrong arguments and wrong order of calls are .NET's own <see cref="ArgumentException"/>,
/// <see cref="ObjectDisposedException"/> and <see cref="InvalidOperationException"/>.
/// </summary>
/// <remarks>
/// An exception has one base class. Damaged files and checkpoints derive from this one and not from
/// <see cref="IOException"/>, so that one catch clause tells RevUp's faults from the operating
/// system's. Where a file cannot be written, the operating system's <see cref="IOException"/> goes
/// through unchanged.
/// </remarks>
public abstract class RevUpException : Exception
{
    /// <param name="message">The value, the place and the remedy.</param>
    /// <param name="innerException">The cause, if another exception is one.</param>
    protected RevUpException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }
}
