namespace RevUp.Cli;

/// <summary>Keeps a run from being written over, or into something that is not a run.</summary>
internal static class RunFolder
{
    // What a TrainingRun and `report` write; metrics.jsonl.kept is there while a resumed run drops
    // the lines of steps that it does again.
    private static readonly string[] s_entries =
    [
        TrainingRun.RecipeFileName, "metrics.jsonl", "report.md", "report.html", "run.json", Checkpoint.FolderName,
        "metrics.jsonl.kept", "damaged.txt",
        RunLock.FileName,
    ];

    /// <summary>
    /// Throws when the command would mix its run with something else, or has nothing to go on with.
    /// </summary>
    /// <exception cref="ConfigurationException">
    /// The folder holds a run, other files, or, to resume, no run.
    /// </exception>
    public static void Require(string folder, bool resume)
    {
        bool isRun = IsRun(folder);
        ConfigurationException.Require(
            !resume || isRun,
            $"'{folder}' holds no run that --resume could go on with; leave --resume out to start one, or name the "
            + $"run's folder with --output");
        ConfigurationException.Require(
            resume || !isRun,
            $"'{folder}' already holds a run; go on with it by --resume, or choose another folder with --output");
        if (!resume)
        {
            RequireEmpty(folder);
        }
    }

    /// <summary>Deletes an earlier run, and nothing else.</summary>
    /// <exception cref="ConfigurationException">
    /// The folder holds something else, or the run is not over.
    /// </exception>
    public static void Clear(string folder)
    {
        // A user's own recipe may be called recipe.json too: what lies beside it must not go with
        // it.
        if (IsRun(folder) && Directory.EnumerateFileSystemEntries(folder).All(path => IsOurs(Path.GetFileName(path))))
        {
            // Refused while another run works there.
            RunLock.Take(folder).Dispose();
            Directory.Delete(folder, recursive: true);
        }
        RequireEmpty(folder);
    }

    private static void RequireEmpty(string folder)
    {
        if (Directory.Exists(folder)
            && Directory.EnumerateFileSystemEntries(folder).Any(path => Path.GetFileName(path) != RunLock.FileName))
        {
            throw new ConfigurationException(
                $"'{folder}' holds files that are not of a run; choose another folder with --output.");
        }
    }

    private static bool IsOurs(string name) => s_entries.Contains(name) || EventFile.IsOwn(name);

    /// <summary>Whether the folder holds a run, which may be resumed.</summary>
    public static bool IsRun(string folder) => File.Exists(Path.Combine(folder, TrainingRun.RecipeFileName));
}
