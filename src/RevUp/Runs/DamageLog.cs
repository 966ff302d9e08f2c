using RevUp.Data;

namespace RevUp.Runs;

/// <summary>A text file with one line for each damaged sample that a run met, also when it was resumed in between. Thread-safe.</summary>
internal sealed class DamageLog(string path)
{
    public const string FileName = "damaged.txt";

    private readonly Lock _lock = new();
    private HashSet<string>? _lines;

    public void Add(DamagedSample sample)
    {
        lock (_lock)
        {
            _lines ??= File.Exists(path) ? [.. File.ReadLines(path)] : [];
            string line = sample.Reason.ReplaceLineEndings(" ");
            if (_lines.Add(line))
            {
                Directory.CreateDirectory(Path.GetDirectoryName(path)!);
                File.AppendAllText(path, line + "\n");
            }
        }
    }
}
