using System.Formats.Tar;
using Microsoft.VisualBasic.FileIO;

namespace RevUp.Data.Preparation;

/// <summary>
/// Classes of ImageNet's validation images, from the lists that people have of them.
/// </summary>
internal static class ImageNetLabels
{
    /// <summary>Kaggle's list.</summary>
    public const string KaggleList = "LOC_val_solution.csv";

    /// <summary>
    /// The devkit's list: a number for each image, whose WordNet identifiers are in meta.mat.
    /// </summary>
    public const string DevkitList = "ILSVRC2012_validation_ground_truth.txt";

    private const string DevkitMeta = "meta.mat";
    private const string Devkit = "ILSVRC2012_devkit_t12.tar.gz";

    /// <summary>Finds a list below a folder; null when there is none.</summary>
    public static string? Find(string folder) =>
        new[] { KaggleList, Devkit, DevkitList, $"data/{DevkitList}", $"ILSVRC2012_devkit_t12/data/{DevkitList}" }
        .Select(name => Path.Combine(folder, name)).FirstOrDefault(File.Exists);

    /// <summary>
    /// Class by the name of the image without its extension: from a CSV of image and class, from
    /// the devkit's archive, or from its list beside meta.mat.
    /// </summary>
    /// <exception cref="DataFileException">The list cannot be read, or is none of
    /// these.</exception>
    public static Dictionary<string, string> Read(string path)
    {
        try
        {
            if (Path.GetFileName(path) == DevkitList)
            {
                string meta = Path.Combine(Path.GetDirectoryName(path)!, DevkitMeta);
                return FromDevkit(path, File.ReadAllText(path), File.ReadAllBytes(meta));
            }
            return DataContent.IsGzip(path) || path.EndsWith(".tar", StringComparison.OrdinalIgnoreCase)
                ? FromArchive(path)
                : FromCsv(path);
        }
        catch (Exception exception) when (exception is UnauthorizedAccessException or InvalidDataException
            or FormatException or ArgumentException or IOException or DataFileException)
        {
            throw new DataFileException(
                path,
                $"the classes of the images cannot be read ({exception.Message}) Give {KaggleList} or {Devkit}.",
                exception);
        }
    }

    private static Dictionary<string, string> FromArchive(string path)
    {
        using Stream content = DataContent.Open(path);
        using TarReader reader = new(content);
        (string? list, byte[]? meta) = (null, null);
        while (reader.GetNextEntry() is { } entry)
        {
            string name = Path.GetFileName(entry.Name);
            if (entry.DataStream is { } data && name == DevkitList)
            {
                list = new StreamReader(data).ReadToEnd();
            }
            else if (entry.DataStream is { } bytes && name == DevkitMeta)
            {
                using MemoryStream all = new();
                bytes.CopyTo(all);
                meta = all.ToArray();
            }
        }
        return list is not null && meta is not null
            ? FromDevkit(path, list, meta)
            : throw new DataFileException(
                path, $"it does not have {DevkitList} and {DevkitMeta}; give ImageNet's devkit of 2012.");
    }

    private static Dictionary<string, string> FromDevkit(string path, string list, byte[] meta)
    {
        Dictionary<string, string> names = MatElements.ReadTable(meta)
            .Where(row => row.ContainsKey("ILSVRC2012_ID") && row.ContainsKey("WNID"))
            .ToDictionary(row => row["ILSVRC2012_ID"], row => row["WNID"]);
        string[] lines = list.Split(['\n', '\r', ' '], StringSplitOptions.RemoveEmptyEntries);
        Dictionary<string, string> classes = [];
        for (int i = 0; i < lines.Length; i++)
        {
            string image = string.Create(CultureInfo.InvariantCulture, $"ILSVRC2012_val_{i + 1:D8}");
            classes[image] = names.GetValueOrDefault(lines[i])
                ?? throw new DataFileException(
                    path, $"line {i + 1} is '{lines[i]}', which {DevkitMeta} does not name; fetch it again.");
        }
        return classes;
    }

    // The first word of the second field: Kaggle has boxes behind it.
    private static Dictionary<string, string> FromCsv(string path)
    {
        using TextFieldParser parser = new(path) { HasFieldsEnclosedInQuotes = true };
        parser.SetDelimiters(",", ";", "\t");
        Dictionary<string, string> classes = [];
        bool isFirst = true;
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
            bool isHeader = isFirst && fields is [_, "PredictionString" or "label" or "Label", ..];
            isFirst = false;
            if (isHeader)
            {
                continue;
            }
            string? name = fields.Length < 2
                ? null
                : fields[1].Split(' ', StringSplitOptions.RemoveEmptyEntries).FirstOrDefault();
            classes[Path.GetFileNameWithoutExtension(fields[0])] = name
                ?? throw new DataFileException(
                    path, $"'{string.Join(',', fields)}' is not an image and its class; correct the line.");
        }
        return classes;
    }
}
