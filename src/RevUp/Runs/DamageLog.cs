using RevUp.Data;

namespace RevUp.Runs;

/// <summary>
/// A text file with one line for each damaged sample that a run met, also when it was resumed in
/// between; without a path, in memory. Thread-safe.
/// </summary>
internal sealed class DamageLog(string? path, Action<string>? warn = null)
{
    public const string FileName = "damaged.txt";

    private readonly Lock _lock = new();
    private HashSet<string>? _lines;

    /// <summary>Damaged samples of the run up to now.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return Lines.Count;
            }
        }
    }

    private HashSet<string> Lines => _lines ??= File.Exists(path) ? [.. File.ReadLines(path)] : [];

    public void Add(DamagedSample sample)
    {
        lock (_lock)
        {
            string line = sample.Reason.ReplaceLineEndings(" ");
            if (!Lines.Add(line))
            {
                return;
            }
            if (path is not null)
            {
                Directory.CreateDirectory(Path.GetDirectoryName(path)!);
                File.AppendAllText(path, line + "\n");
            }
            warn?.Invoke(line);
        }
    }
}
