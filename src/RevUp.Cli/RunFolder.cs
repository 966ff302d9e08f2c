using RevUp.Runs;
using RevUp.Tensors;

namespace RevUp.Cli;

/// <summary>Keeps a run from being written over, or into something that is not a run.</summary>
internal static class RunFolder
{
    // What a TrainingRun and `report` write; metrics.jsonl.kept is there while a resumed run drops the lines of steps that it does again.
    private static readonly string[] s_entries =
    [
        TrainingRun.RecipeFileName, "metrics.jsonl", "report.md", "report.html", "run.json", Checkpoint.FolderName, "metrics.jsonl.kept", "damaged.txt",
        LockName,
    ];

    private const string LockName = ".lock";

    // Of TensorBoard's event files, of which every start of a run writes one.
    private const string EventFilePrefix = "events.out.tfevents.";

    /// <summary>Throws when the command would mix its run with something else, or has nothing to go on with.</summary>
    /// <exception cref="ConfigurationException">The folder holds a run, other files, or, to resume, no run.</exception>
    public static void Require(string folder, bool resume)
    {
        bool isRun = IsRun(folder);
        if (resume && !isRun)
        {
            throw new ConfigurationException(
                $"'{folder}' holds no run that --resume could go on with; leave --resume out to start one, or name the run's folder with --output.");
        }
        if (!resume && isRun)
        {
            throw new ConfigurationException($"'{folder}' already holds a run; go on with it by --resume, or choose another folder with --output.");
        }
        if (!resume)
        {
            RequireEmpty(folder);
        }
    }

    /// <summary>Keeps a folder, made where there is none, to this process until the result is disposed or the process ends.</summary>
    /// <exception cref="ConfigurationException">Another process works in it.</exception>
    public static IDisposable Hold(string folder)
    {
        Directory.CreateDirectory(folder);
        return TryOpenLock(folder, FileMode.OpenOrCreate)
            ?? throw new ConfigurationException($"Another process works in '{folder}'; wait for its end, or choose another folder with --output.");
    }

    /// <summary>Whether a process holds the folder.</summary>
    public static bool IsHeld(string folder)
    {
        if (!File.Exists(Path.Combine(folder, LockName)))
        {
            return false;
        }
        using FileStream? free = TryOpenLock(folder, FileMode.Open);
        return free is null;
    }

    /// <summary>Deletes an earlier run, and nothing else.</summary>
    /// <exception cref="ConfigurationException">The folder holds something else.</exception>
    public static void Clear(string folder)
    {
        // A user's own recipe may be called recipe.json too: what lies beside it must not go with it.
        if (IsRun(folder) && Directory.EnumerateFileSystemEntries(folder).All(path => IsOurs(Path.GetFileName(path))))
        {
            Directory.Delete(folder, recursive: true);
        }
        RequireEmpty(folder);
    }

    private static void RequireEmpty(string folder)
    {
        if (Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any(path => Path.GetFileName(path) != LockName))
        {
            throw new ConfigurationException($"'{folder}' holds files that are not of a run; choose another folder with --output.");
        }
    }

    private static bool IsOurs(string name) => s_entries.Contains(name) || name.StartsWith(EventFilePrefix, StringComparison.Ordinal);

    // The file stays: deleting it would let a process that has it open and one that makes it anew both hold the folder.
    private static FileStream? TryOpenLock(string folder, FileMode mode)
    {
        try
        {
            return new FileStream(Path.Combine(folder, LockName), mode, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException exception) when (exception is not (FileNotFoundException or DirectoryNotFoundException))
        {
            return null;
        }
    }

    /// <summary>Whether the folder holds a run, which may be resumed.</summary>
    public static bool IsRun(string folder) => File.Exists(Path.Combine(folder, TrainingRun.RecipeFileName));
}
