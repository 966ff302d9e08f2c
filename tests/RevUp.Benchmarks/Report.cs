using System.Text;
using System.Text.Json;
using RevUp.Backends;
using RevUp.Backends.Cpu;

namespace RevUp.Benchmarks;

/// <summary>Where a measured row comes from.</summary>
/// <param name="Command">The command that measured it.</param>
/// <param name="Machine">The machine and its libraries.</param>
internal sealed record Origin(string Command, string Machine);

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
        Origin = new Origin(arguments.Command, $"{Processor()}, {Environment.ProcessorCount} processors, {Gibibytes()} GiB; {backend.Description}");
        _text.AppendLine($"# {title}");
        Paragraph($"Command: `{Origin.Command}`");
        Paragraph($"Machine: {Origin.Machine}.");
    }

    /// <summary>What measured, and where.</summary>
    public Origin Origin { get; }

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

    /// <summary>
    /// Adds rows to those that earlier calls left in NAME.jsonl, in place of theirs with the same keys, and returns them all: what a study measures in parts,
    /// one call after another.
    /// </summary>
    /// <exception cref="StudyException">The file has lines that are not rows.</exception>
    public IReadOnlyList<T> Merge<T>(string name, IEnumerable<T> rows, Func<T, object> key)
    {
        Dictionary<object, T> all = ReadRows<T>(_folder, name).ToDictionary(key);
        foreach (T row in rows)
        {
            all[key(row)] = row;
        }
        WriteRows(name, all.Values);
        return [.. all.Values];
    }

    /// <summary>The rows of the file NAME.jsonl in a folder of the checkout; none where there is no file.</summary>
    /// <exception cref="StudyException">The file has lines that are not rows.</exception>
    public static IReadOnlyList<T> ReadRows<T>(string folder, string name)
    {
        string path = Checkout.Path(folder, $"{name}.jsonl");
        try
        {
            return File.Exists(path) ? [.. File.ReadLines(path).Select(line => JsonSerializer.Deserialize<T>(line, s_json)!)] : [];
        }
        catch (JsonException exception)
        {
            throw new StudyException($"{path} is damaged, or of another version of this study: {exception.Message} Delete it and measure again.");
        }
    }

    /// <summary>Appends what measured the rows of a section, where it was not this call alone.</summary>
    public void Origins(IEnumerable<Origin> origins)
    {
        Origin[] all = [.. origins.Distinct()];
        if (all.Any(origin => origin != Origin))
        {
            Paragraph(string.Join("\n", all.Select(origin => $"Measured by `{origin.Command}` on {origin.Machine}.")));
        }
    }

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
