using RevUp.Data;

namespace RevUp.Runs;

/// <summary>
/// A text file with one line for each damaged sample that a run met, also when it was resumed in
/// between. Thread-safe.
/// </summary>
internal sealed class DamageLog(string path)
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
            if (Lines.Add(line))
            {
                Directory.CreateDirectory(Path.GetDirectoryName(path)!);
                File.AppendAllText(path, line + "\n");
            }
        }
    }
}
