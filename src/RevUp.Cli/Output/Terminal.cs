using System.Text.Json;
using RevUp.Distributed;

namespace RevUp.Cli.Output;

/// <summary>
/// Where the tool writes: results to standard output, progress and errors to standard error.
/// </summary>
internal sealed class Terminal
{
    // Wide enough that no table of ours is folded where nobody looks at columns.
    private const int FileWidth = 200;

    private readonly bool _outputIsTerminal;

    /// <param name="output">For results.</param>
    /// <param name="error">For progress and errors.</param>
    /// <param name="outputIsTerminal">Whether results may have colours and frames.</param>
    /// <param name="errorIsTerminal">Whether progress may be shown live.</param>
    /// <param name="stop">Cancelled to stop a training as Ctrl-C does.</param>
    public Terminal(
        TextWriter output, TextWriter error, bool outputIsTerminal, bool errorIsTerminal,
        CancellationToken stop = default)
    {
        (Output, Error, _outputIsTerminal, IsLive, Stop) =
            (output, new ForgivingWriter(error), outputIsTerminal, errorIsTerminal, stop);
        Faults = Error;
    }

    public TextWriter Output { get; }

    /// <summary>For progress and errors; a terminal that went away ends no training.</summary>
    public TextWriter Error { get; }

    /// <summary>Standard error, for a live display.</summary>
    public IAnsiConsole Progress => field ??= CreateConsole(Error, IsLive);

    /// <summary>Whether somebody watches the progress.</summary>
    public bool IsLive { get; }

    /// <summary>Whether results may have colours and frames.</summary>
    public bool HasColours => _outputIsTerminal;

    /// <summary>Columns that results have.</summary>
    public int Width =>
        _outputIsTerminal ? CreateConsole(Output, isTerminal: true).Profile.Width : FileWidth;

    public CancellationToken Stop { get; }

    /// <summary>For a failure of a rank that otherwise says nothing.</summary>
    public TextWriter Faults { get; private init; }

    /// <summary>
    /// The process's own streams; NO_COLOR and TERM=dumb are respected. Of several ranks the first
    /// one alone talks. A launcher's pipes are no terminal, whatever they say.
    /// </summary>
    public static Terminal FromConsole()
    {
        RankEnvironment ranks = Ranks();
        if (ranks.Size > 1)
        {
            // The runtime would send control characters to a launcher's pseudo-terminal.
            Environment.SetEnvironmentVariable("TERM", "dumb");
            return ranks.Rank == 0
                ? new Terminal(Console.Out, Console.Error, outputIsTerminal: false, errorIsTerminal: false)
                : new Terminal(TextWriter.Null, TextWriter.Null, outputIsTerminal: false, errorIsTerminal: false)
                {
                    Faults = Console.Error,
                };
        }
        bool plain = !string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"))
            || Environment.GetEnvironmentVariable("TERM") is null or "dumb";
        return new Terminal(
            Console.Out, Console.Error, !plain && !Console.IsOutputRedirected, !plain && !Console.IsErrorRedirected);
    }

    // The command tells what is wrong with the launcher's variables.
    private static RankEnvironment Ranks()
    {
        try
        {
            return RankEnvironment.Current();
        }
        catch (ConfigurationException)
        {
            return new RankEnvironment("", 0, 1);
        }
    }

    /// <summary>One line of progress, never folded: commands in it can be copied.</summary>
    public void Note(string line) => Error.WriteLine(line);

    /// <summary>
    /// One line of progress that may come while there is a live display, and then goes above it.
    /// </summary>
    public void NoteAboveDisplay(string line)
    {
        if (IsLive)
        {
            Progress.WriteLine(line);
        }
        else
        {
            Note(line);
        }
    }

    /// <summary>A table without rows: framed on a terminal, Markdown elsewhere.</summary>
    public Table NewTable(params string[] columns)
    {
        Table table = new() { Border = _outputIsTerminal ? TableBorder.Rounded : TableBorder.Markdown };
        foreach (string column in columns)
        {
            table.AddColumn(new TableColumn(column).NoWrap());
        }
        return table;
    }

    /// <summary>A table of results.</summary>
    public void Write(Table table)
    {
        if (_outputIsTerminal)
        {
            IAnsiConsole console = CreateConsole(Output, isTerminal: true);
            // Numbers are better folded by the terminal than cut off.
            console.Profile.Width = table.Columns.All(column => column.NoWrap)
                ? Math.Max(console.Profile.Width, FileWidth)
                : console.Profile.Width;
            console.Write(table);
            return;
        }
        using StringWriter text = new();
        CreateConsole(text, isTerminal: false).Write(table);
        // Markdown has no frame, but its upper and lower edges are written all the same, as blank
        // lines.
        foreach (string line in text.ToString().Split('\n').Where(line => !string.IsNullOrWhiteSpace(line)))
        {
            WriteLine(line.TrimEnd());
        }
    }

    /// <summary>One line of results.</summary>
    public void WriteLine(string line) => Output.WriteLine(line);

    /// <summary>The result as the one JSON document on standard output.</summary>
    public void WriteJson<T>(T document) =>
        Output.WriteLine(JsonSerializer.Serialize(document, typeof(T), DocumentJson.Default));

    /// <summary>
    /// A live display hides the cursor; a process that ends in mid-display must show it again.
    /// </summary>
    public void ShowCursor()
    {
        if (IsLive)
        {
            Error.Write("\e[?25h");
        }
    }

    private static IAnsiConsole CreateConsole(TextWriter writer, bool isTerminal)
    {
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = isTerminal ? AnsiSupport.Yes : AnsiSupport.No,
            ColorSystem = isTerminal ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
            Interactive = isTerminal ? InteractionSupport.Yes : InteractionSupport.No,
            Out = new AnsiConsoleOutput(writer),
        });
        if (!isTerminal)
        {
            console.Profile.Width = FileWidth;
        }
        return console;
    }
}
