using System.Text;
using System.Text.Json;
using RevUp.Backends;
using RevUp.Backends.Cpu;

namespace RevUp.Benchmarks;

/// <summary>Where a measured row comes from.</summary>
/// <param name="Command">The command that measured it.</param>
/// <param name="Machine">The machine and its libraries.</param>
/// <param name="Commit">
/// The last change of what is measured, as <see cref="Checkout.MeasuredCommit"/> has it.
/// </param>
internal sealed record Origin(string Command, string Machine, string Commit);

/// <summary>A row of measurements that says where it comes from.</summary>
internal interface IMeasured
{
    /// <summary>Command, machine and sources of the report.</summary>
    Origin Origin { get; }
}

/// <summary>
/// A study's result in markdown: the command, the machine, then paragraphs and tables. No date: the
/// history of the file has it.
/// </summary>
internal sealed class Report
{
    private static readonly JsonSerializerOptions s_json =
        new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    private readonly StringBuilder _text = new();
    private readonly string _folder;

    /// <summary>A report about the CPU.</summary>
    public Report(string title, Arguments arguments, int threads)
        : this(title, arguments, () => new CpuBackend(threads))
    {
    }

    /// <summary>
    /// A report about a device, which is opened for its description and closed again.
    /// </summary>
    public Report(string title, Arguments arguments, Func<Backend> open)
    {
        using Backend backend = open();
        _folder = arguments.Output;
        string machine =
            $"{Processor()}, {Environment.ProcessorCount} processors, {Gibibytes()} GiB; {backend.Description}";
        Origin = new Origin(arguments.Command, machine, Checkout.MeasuredCommit());
        _text.AppendLine($"# {title}");
        Paragraph($"Command: `{Origin.Command}`");
        Paragraph($"Machine: {Origin.Machine}. Sources: {Origin.Commit}.");
    }

    /// <summary>Command, machine and sources of this process.</summary>
    public Origin Origin { get; }

    /// <summary>Appends a paragraph.</summary>
    public void Paragraph(string text) => _text.AppendLine().AppendLine(text);

    /// <summary>
    /// Names what this machine cannot measure, in the report and while measuring.
    /// </summary>
    public void LeaveOut(string reason)
    {
        Paragraph($"Left out: {reason}");
        Progress($"left out: {reason}");
    }

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

    /// <summary>
    /// Writes the file NAME.jsonl among the results, for programs that read them: one object a
    /// line, its members in snake case.
    /// </summary>
    public void WriteRows<T>(string name, IEnumerable<T> rows) =>
        WriteFile($"{name}.jsonl", string.Concat(rows.Select(row => JsonSerializer.Serialize(row, s_json) + "\n")));

    /// <summary>Writes a file of bytes among the results.</summary>
    public void WriteBytes(string name, byte[] bytes)
    {
        Directory.CreateDirectory(Checkout.Path(_folder));
        File.WriteAllBytes(Checkout.Path(_folder, name), bytes);
        Progress($"written to {Path.Combine(_folder, name)}");
    }

    /// <summary>
    /// Adds rows to those that earlier calls left in NAME.jsonl, in place of theirs with the same
    /// keys and sources: what a study measures in parts, one call after another. Rows of other
    /// sources stay in the file.
    /// </summary>
    /// <param name="name">Name of the study.</param>
    /// <param name="rows">Rows measured now.</param>
    /// <param name="section">The part of the report that a row is in.</param>
    /// <param name="key">Key of a row within its section.</param>
    /// <returns>
    /// Rows of a report. Each section has only rows of its newest sources, so no table mixes
    /// versions.
    /// </returns>
    /// <exception cref="StudyException">The file has lines that are not rows.</exception>
    public IReadOnlyList<T> Merge<T>(
        string name, IReadOnlyCollection<T> rows, Func<T, object> section, Func<T, object> key)
        where T : IMeasured
    {
        HashSet<object> replaced = [.. rows.Select(Identity)];
        T[] all = [.. ReadRows<T>(_folder, name).Where(row => !replaced.Contains(Identity(row))), .. rows];
        WriteRows(name, all);
        return Latest(all, section);

        object Identity(T row) => (section(row), key(row), row.Origin.Commit);
    }

    /// <summary>Rows of a file with the same sources as the last row of their section.</summary>
    public static IReadOnlyList<T> Latest<T>(IEnumerable<T> rows, Func<T, object> section)
        where T : IMeasured =>
        [.. rows.GroupBy(section).SelectMany(
            group => group.Where(row => row.Origin.Commit == group.Last().Origin.Commit))];

    /// <summary>
    /// The rows of the file NAME.jsonl in a folder of the checkout; none where there is no file.
    /// </summary>
    /// <exception cref="StudyException">The file has lines that are not rows.</exception>
    public static IReadOnlyList<T> ReadRows<T>(string folder, string name)
    {
        string path = Checkout.Path(folder, $"{name}.jsonl");
        try
        {
            return File.Exists(path)
                ? [.. File.ReadLines(path).Select(line => JsonSerializer.Deserialize<T>(line, s_json)!)]
                : [];
        }
        catch (JsonException exception)
        {
            throw new StudyException(
                $"{path} is damaged, or of another version of this study: {exception.Message} Delete it and measure "
                + "again.");
        }
    }

    /// <summary>
    /// Appends what measured the rows of a section, where it was not this call alone.
    /// </summary>
    public void Origins(IEnumerable<Origin> origins)
    {
        Origin[] all = [.. origins.Distinct()];
        if (all.Any(origin => origin != Origin))
        {
            Paragraph(
                string.Join(
                    "\n",
                    all.Select(
                        origin => $"Measured by `{origin.Command}` on {origin.Machine}; sources: {origin.Commit}.")));
        }
    }

    /// <summary>Says on the standard error stream what is being done.</summary>
    public static void Progress(string text) => Console.Error.WriteLine(text);

    /// <summary>A number of bytes in MiB.</summary>
    public static string MiB(long bytes) => $"{bytes / 1048576.0:F1}";

    private void WriteFile(string name, string text) => WriteBytes(name, Encoding.UTF8.GetBytes(text));

    private static string Processor()
    {
        const string Key = "model name";
        const string Info = "/proc/cpuinfo";
        string? line = File.Exists(Info)
            ? File.ReadLines(Info).FirstOrDefault(l => l.StartsWith(Key, StringComparison.Ordinal))
            : null;
        return line is null ? "unknown processor" : line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim();
    }

    private static string Gibibytes() => $"{GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / (double)(1 << 30):F0}";
}
