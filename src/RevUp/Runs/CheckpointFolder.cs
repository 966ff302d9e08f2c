using RevUp.Formats;

namespace RevUp.Runs;

/// <summary>
/// A folder of checkpoints step-00001234/, each of which appears whole or not at all, with only the
/// last K kept.
/// </summary>
/// <remarks>
/// A checkpoint is written into a temporary sibling, every file is put on the disk itself, a
/// manifest with lengths and SHA-256 is added, and the folder is renamed into place. A crash at any
/// moment leaves the earlier checkpoints as they were. Limit: .NET opens no directory, so the
/// rename itself is not synchronised; after a power failure the newest checkpoint may be missing,
/// or its folder lack a file, which the manifest reveals. One process may write to a folder at a
/// time.
/// </remarks>
/// <example><code>
/// var checkpoints = new CheckpointFolder("runs/1/checkpoints", keep: 3);
/// checkpoints.Save(step, folder => WriteWeights(Path.Combine(folder, "model.safetensors")));
/// CheckpointEntry? latest = checkpoints.Latest();
/// </code></example>
internal sealed class CheckpointFolder
{
    private const string StepPrefix = "step-";
    private const string TemporaryPrefix = ".incomplete-";

    private const string ChosenFile = "chosen";

    private readonly string _root;
    private readonly int _keep;

    /// <summary>The folder at <paramref name="root"/>, created by the first save.</summary>
    /// <exception cref="ArgumentOutOfRangeException">
    /// <paramref name="keep"/> is less than 1.
    /// </exception>
    public CheckpointFolder(string root, int keep)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(keep, 1);
        (_root, _keep) = (root, keep);
    }

    /// <summary>
    /// Writes the checkpoint of <paramref name="step"/>, replacing one of the same step, then
    /// deletes the oldest beyond K and what crashed saves left behind.
    /// </summary>
    /// <param name="step">Steps done so far, at least 0.</param>
    /// <param name="write">Writes the files, all directly into the folder that it is given.</param>
    /// <returns>The checkpoint in its place.</returns>
    /// <remarks>
    /// Reads every file once more for its SHA-256. The checkpoint just written is never deleted,
    /// even when later steps of an abandoned run exist.
    /// </remarks>
    /// <exception cref="CheckpointException">
    /// The disk is full, the folder cannot be written, or the like; earlier checkpoints are intact.
    /// </exception>
    /// <exception cref="InvalidOperationException">
    /// <paramref name="write"/> left a folder, or a file with the manifest's name.
    /// </exception>
    public CheckpointEntry Save(long step, Action<string> write)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(step);
        CheckpointEntry saved;
        try
        {
            saved = WriteAndMove(step, write);
        }
        catch (Exception exception)
        {
            TryDeleteTemporaries();
            if (exception is IOException or UnauthorizedAccessException)
            {
                throw new CheckpointException(
                    _root,
                    $"the checkpoint of step {step} cannot be saved ({exception.Message}) Earlier ones are unchanged; "
                    + "make room or choose another folder.",
                    exception);
            }
            throw;
        }
        try
        {
            DeleteOldBut(saved);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException(
                _root,
                $"step {step} is saved, but an older checkpoint cannot be deleted ({exception.Message}) Check the "
                + "permissions of its files.", exception);
        }
        return saved;
    }

    /// <summary>
    /// The complete checkpoint of the highest step, or null; damaged ones are passed over. Reads
    /// its files to verify their SHA-256.
    /// </summary>
    /// <param name="problems">Receives one line for each checkpoint that was passed over.</param>
    /// <exception cref="CheckpointException">The folder exists and cannot be read.</exception>
    public CheckpointEntry? Latest(ICollection<string>? problems = null)
    {
        try
        {
            foreach (CheckpointEntry candidate in List().OrderByDescending(candidate => candidate.Step))
            {
                string? problem = CheckpointManifest.FindProblem(candidate.Path, candidate.Step);
                if (problem is null)
                {
                    return candidate;
                }
                problems?.Add($"{candidate.Path}: {problem}");
            }
            return null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException(
                _root,
                $"the folder cannot be read ({exception.Message}) Check the path and its permissions.",
                exception);
        }
    }

    /// <summary>The checkpoint from which a run goes on; null when there is none at all.</summary>
    /// <exception cref="CheckpointException">
    /// There are checkpoints, and none is complete.
    /// </exception>
    internal CheckpointEntry? LatestOfRun()
    {
        List<string> problems = [];
        return Latest(problems) is { } latest ? latest : problems.Count == 0 ? null : throw new CheckpointException(
            _root,
            $"no checkpoint here is complete ({string.Join("; ", problems)}). Train into another folder, or delete "
            + "these to start again.");
    }

    /// <summary>
    /// Names the checkpoint that the run's validation part chose: it is kept whatever its age. The
    /// name is in the file "chosen". Null for none.
    /// </summary>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public void Choose(long? step)
    {
        string path = Path.Combine(_root, ChosenFile);
        if (step is { } chosen && ReadChosen() != StepName(chosen))
        {
            WholeFile.Write(path, StepName(chosen));
        }
        else if (step is null)
        {
            File.Delete(path);
        }
    }

    /// <summary>Whether there is a checkpoint of a step; its files are not looked at.</summary>
    public bool Has(long step) => Directory.Exists(Path.Combine(_root, StepName(step)));

    /// <summary>The complete checkpoint that was chosen; null when there is none.</summary>
    public CheckpointEntry? Chosen()
    {
        string? name = ReadChosen();
        return List().FirstOrDefault(entry => StepName(entry.Step) == name) is { } entry
            && CheckpointManifest.FindProblem(entry.Path, entry.Step) is null ? entry : null;
    }

    private string? ReadChosen()
    {
        string path = Path.Combine(_root, ChosenFile);
        return File.Exists(path) ? File.ReadAllText(path).Trim() : null;
    }

    private static string StepName(long step) => StepPrefix + step.ToString("D8", CultureInfo.InvariantCulture);

    private static void RequireFlat(string folder)
    {
        string? stray = Directory.EnumerateDirectories(folder).FirstOrDefault();
        if (stray is not null)
        {
            throw new InvalidOperationException(
                $"{stray} is a folder; a checkpoint consists of files only, so write them side by side.");
        }
        if (File.Exists(Path.Combine(folder, CheckpointManifest.FileName)))
        {
            throw new InvalidOperationException(
                $"{folder} has a file {CheckpointManifest.FileName}, the name of the list of its files; use another.");
        }
    }

    private CheckpointEntry WriteAndMove(long step, Action<string> write)
    {
        Directory.CreateDirectory(_root);
        DeleteTemporaries();
        string temporary = Directory.CreateDirectory(Path.Combine(_root, TemporaryPrefix + StepName(step))).FullName;
        write(temporary);
        RequireFlat(temporary);
        CheckpointManifest.Seal(temporary, step);

        // Folders cannot be exchanged in one operation: a crash between the two renames loses this
        // step, and never another one.
        string place = Path.Combine(_root, StepName(step));
        string replaced = Path.Combine(_root, TemporaryPrefix + "replaced");
        bool exists = Directory.Exists(place);
        if (exists)
        {
            Directory.Move(place, replaced);
        }
        try
        {
            Directory.Move(temporary, place);
        }
        catch when (exists)
        {
            Directory.Move(replaced, place);
            throw;
        }
        DeleteTemporaries();
        return new CheckpointEntry(place, step);
    }

    private void DeleteOldBut(CheckpointEntry saved)
    {
        string? chosen = ReadChosen();
        IEnumerable<CheckpointEntry> all = List().OrderByDescending(checkpoint => checkpoint.Step);
        IEnumerable<CheckpointEntry> older = all.Skip(_keep);
        foreach (CheckpointEntry old in older.Where(entry => entry != saved && StepName(entry.Step) != chosen))
        {
            // Renamed first: a crash in mid-deletion leaves a temporary folder, not half a
            // checkpoint.
            string temporary = Path.Combine(_root, TemporaryPrefix + "deleted-" + StepName(old.Step));
            Directory.Move(old.Path, temporary);
            Directory.Delete(temporary, recursive: true);
        }
    }

    private List<CheckpointEntry> List()
    {
        List<CheckpointEntry> found = [];
        foreach (string path in Directory.Exists(_root) ? Directory.GetDirectories(_root, StepPrefix + "*") : [])
        {
            string digits = Path.GetFileName(path)[StepPrefix.Length..];
            if (long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out long step)
                && Path.GetFileName(path) == StepName(step))
            {
                found.Add(new CheckpointEntry(path, step));
            }
        }
        return found;
    }

    private void DeleteTemporaries()
    {
        foreach (string left in Directory.GetDirectories(_root, TemporaryPrefix + "*"))
        {
            Directory.Delete(left, recursive: true);
        }
    }

    // After a failed save: what cannot be deleted now is deleted by the next save, and must not
    // hide the error.
    private void TryDeleteTemporaries()
    {
        try
        {
            DeleteTemporaries();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
        }
    }
}
