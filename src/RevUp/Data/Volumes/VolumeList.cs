using Microsoft.VisualBasic.FileIO;

namespace RevUp.Data.Volumes;

/// <summary>
/// A list of volumes and their labels: CSV with a header that has the columns file and label.
/// </summary>
/// <remarks>
/// Fields are separated by commas, semicolons or tabs, may be in quotes (RFC 4180), and lose blanks
/// at their ends. Further columns are ignored. Where there are only the two, a file's name may have
/// commas without quotes.
/// </remarks>
internal static class VolumeList
{
    private const string Header = "file,label";
    private const string FileColumn = "file";
    private const string LabelColumn = "label";

    private static readonly string[] s_separators = [",", ";", "\t"];

    /// <summary>Files and labels, in the order of the lines.</summary>
    /// <exception cref="DataFileException">The list is missing, empty, or has a line of another
    /// sort.</exception>
    public static List<(string File, string Label)> Read(string path)
    {
        string text;
        try
        {
            text = File.ReadAllText(path);
        }
        catch (Exception exception) when (exception is UnauthorizedAccessException or IOException)
        {
            throw new DataFileException(
                path,
                $"the list cannot be read ({exception.Message}) It has a line '{Header}', then such lines.",
                exception);
        }
        string[] lines = text.Split('\n');
        string separator = s_separators.FirstOrDefault(
            candidate => Fields(lines[0], candidate) is { } header && Columns(header) is not null)
            ?? throw new DataFileException(path, $"line 1 is '{lines[0].Trim()}', expected {Header}.");
        List<(string, string)> samples = Parse(path, text, lines, separator);
        return samples.Count > 0
            ? samples
            : throw new DataFileException(
                path, $"the list is empty; after a line '{Header}' it has one line for each volume.");
    }

    private static List<(string, string)> Parse(string path, string text, string[] lines, string separator)
    {
        List<(string, string)> samples = [];
        using TextFieldParser parser = Open(text, separator);
        string[] header = parser.ReadFields()!;
        (int file, int label) = Columns(header)!.Value;
        while (!parser.EndOfData)
        {
            string[] fields;
            try
            {
                fields = parser.ReadFields()!;
            }
            catch (MalformedLineException exception)
            {
                throw new DataFileException(
                    path, $"line {parser.ErrorLineNumber} has quotes that do not match; correct it.", exception);
            }
            if (header.Length == 2 && file == 0 && fields.Length > 2)
            {
                fields = [string.Join(separator, fields[..^1]), fields[^1]];
            }
            if (fields.Length != header.Length || fields[file].Length == 0 || fields[label].Length == 0
                || fields[file].Contains('\0'))
            {
                long next = parser.LineNumber;
                long number = next > 0 ? next - 1 : Array.FindLastIndex(lines, line => line.Trim().Length > 0) + 1;
                string expected = header.Length == 2
                    ? "a file and a label with a comma between"
                    : $"{header.Length} fields as in line 1";
                throw new DataFileException(
                    path, $"line {number} is '{lines[number - 1].TrimEnd('\r')}', expected {expected}.");
            }
            samples.Add((fields[file], fields[label]));
        }
        return samples;
    }

    private static string[]? Fields(string line, string separator)
    {
        using TextFieldParser parser = Open(line, separator);
        try
        {
            return parser.ReadFields();
        }
        catch (MalformedLineException)
        {
            return null;
        }
    }

    private static (int File, int Label)? Columns(string[] header)
    {
        int file = Array.FindIndex(header, name => name.Equals(FileColumn, StringComparison.OrdinalIgnoreCase));
        int label = Array.FindIndex(header, name => name.Equals(LabelColumn, StringComparison.OrdinalIgnoreCase));
        return file < 0 || label < 0 ? null : (file, label);
    }

    private static TextFieldParser Open(string text, string separator)
    {
        TextFieldParser parser = new(new StringReader(text)) { TrimWhiteSpace = true };
        parser.HasFieldsEnclosedInQuotes = true;
        parser.SetDelimiters(separator);
        return parser;
    }
}
