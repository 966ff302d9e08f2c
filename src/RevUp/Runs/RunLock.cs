using RevUp.Data;
using RevUp.Formats;
using RevUp.Tensors;

namespace RevUp.Runs;

/// <summary>
/// Keeps a folder to one run of one process, until it is disposed or the process ends.
/// </summary>
/// <remarks>
/// A lock of the system on the file .lock. The file stays: a process that deletes it could leave
/// two others with a lock each, on the old file and on a new one.
/// </remarks>
internal sealed class RunLock : IDisposable
{
    public const string FileName = ".lock";

    // Values of errno: what the system says of a lock that another has, and of a disk without room.
    private const int Held = 11;
    private const int NoRoom = 28;
    private const int QuotaUsedUp = 122;
    private const int ReadOnly = 30;

    private readonly FileStream _file;

    private RunLock(FileStream file) => _file = file;

    /// <summary>Locks a folder, which is made where there is none.</summary>
    /// <exception cref="ConfigurationException">Another run has it.</exception>
    /// <exception cref="CheckpointException">
    /// The folder cannot be made, or not be written.
    /// </exception>
    public static RunLock Take(string folder)
    {
        try
        {
            Directory.CreateDirectory(folder);
            return new RunLock(Open(folder, FileMode.OpenOrCreate));
        }
        catch (IOException exception) when (exception.HResult == Held)
        {
            throw new ConfigurationException(
                $"Another run works in '{folder}'; wait for its end, or choose another folder.");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException(
                folder, $"the run's folder cannot be written ({exception.Message}) {WayOut(exception)}", exception);
        }
    }

    /// <summary>Whether a run has the folder.</summary>
    public static bool IsHeld(string folder)
    {
        try
        {
            using FileStream file = Open(folder, FileMode.Open);
            return false;
        }
        catch (IOException exception)
        {
            return exception.HResult == Held;
        }
        catch (UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>Lets the next run have the folder.</summary>
    public void Dispose() => _file.Dispose();

    private static FileStream Open(string folder, FileMode mode) =>
        new(Path.Combine(folder, FileName), mode, FileAccess.ReadWrite, FileShare.None);

    private static string WayOut(Exception exception) => exception.HResult switch
    {
        NoRoom or QuotaUsedUp => "Free some room or some files of the disk, or choose a folder on another one.",
        ReadOnly => "Choose a folder on a disk that can be written.",
        _ when OpenFiles.AreTooMany(exception) => "Raise the limit of open files with 'ulimit -n'.",
        _ => "Change its permissions, or choose another folder.",
    };
}
