using System.Text;
using System.Text.Json;
using RevUp.Backends;
using RevUp.Backends.Cpu;

namespace RevUp.Benchmarks;

/// <summary>A study's result in markdown: the command, the machine, then paragraphs and tables. No date: the history of the file has it.</summary>
internal sealed class Report
{
    private static readonly JsonSerializerOptions s_json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    private readonly StringBuilder _text = new();
    private readonly string _folder;

    /// <summary>A report about the CPU.</summary>
    public Report(string title, Arguments arguments, int threads)
        : this(title, arguments, () => new CpuBackend(threads))
    {
    }

    /// <summary>A report about a device, which is opened for its description and closed again.</summary>
    public Report(string title, Arguments arguments, Func<Backend> open)
    {
        using Backend backend = open();
        _folder = arguments.Output;
        _text.AppendLine($"# {title}");
        Paragraph($"Command: `{arguments.Command}`");
        Paragraph($"Machine: {Processor()}, {Environment.ProcessorCount} processors, {Gibibytes()} GiB; {backend.Description}.");
    }

    /// <summary>Appends a paragraph.</summary>
    public void Paragraph(string text) => _text.AppendLine().AppendLine(text);

    /// <summary>Appends a heading.</summary>
    public void Heading(string text) => Paragraph($"## {text}");

    /// <summary>Appends a table; the first column is text, the others are numbers.</summary>
    public void Table(IReadOnlyList<string> columns, IEnumerable<string[]> rows)
    {
        _text.AppendLine().AppendLine($"| {string.Join(" | ", columns)} |");
        _text.AppendLine($"| --- |{string.Concat(Enumerable.Repeat(" ---: |", columns.Count - 1))}");
        foreach (string[] row in rows)
        {
            _text.AppendLine($"| {string.Join(" | ", row)} |");
        }
    }

    /// <summary>Writes the file NAME.md among the results and shows it.</summary>
    public void Write(string name)
    {
        WriteFile($"{name}.md", _text.ToString());
        Console.Out.WriteLine(_text);
    }

    /// <summary>Writes the file NAME.jsonl among the results, for programs that read them: one object a line, its members in snake case.</summary>
    public void WriteRows<T>(string name, IEnumerable<T> rows) =>
        WriteFile($"{name}.jsonl", string.Concat(rows.Select(row => JsonSerializer.Serialize(row, s_json) + "\n")));

    /// <summary>Says on the standard error stream what is being done.</summary>
    public static void Progress(string text) => Console.Error.WriteLine(text);

    /// <summary>A number of bytes in MiB.</summary>
    public static string MiB(long bytes) => $"{bytes / 1048576.0:F1}";

    private void WriteFile(string name, string text)
    {
        string place = Path.Combine(_folder, name);
        Directory.CreateDirectory(Checkout.Path(_folder));
        File.WriteAllText(Checkout.Path(place), text);
        Progress($"written to {place}");
    }

    private static string Processor()
    {
        const string Key = "model name";
        const string Info = "/proc/cpuinfo";
        string? line = File.Exists(Info) ? File.ReadLines(Info).FirstOrDefault(l => l.StartsWith(Key, StringComparison.Ordinal)) : null;
        return line is null ? "unknown processor" : line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim();
    }

    private static string Gibibytes() => $"{GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / (double)(1 << 30):F0}";
}
