using System.Text.Json;
using System.Text.Json.Nodes;

namespace RevUp.Data.Dense;

/// <summary>
/// Cases of a folder as nnU-Net and the Medical Segmentation Decathlon have it: dataset.json,
/// imagesTr, labelsTr, and perhaps imagesTs with labelsTs.
/// </summary>
/// <param name="Path">The folder.</param>
/// <param name="Channels">Names of the C channels.</param>
/// <param name="Labels">The classes.</param>
/// <param name="Cases">Those with a label map, sorted by name.</param>
/// <param name="Findings">Files that are no cases.</param>
/// <remarks>
/// Lists train.txt, validation.txt and test.txt, a name of a case in each line, divide imagesTr;
/// without them imagesTs with labelsTs is the test part. Without dataset.json the files say what
/// they hold (<see cref="UndescribedCases"/>). Regions, which are labels of several numbers, are
/// not read.
/// </remarks>
internal sealed record SegmentationFolder(
    string Path,
    IReadOnlyList<string> Channels,
    CaseLabels Labels,
    IReadOnlyList<CaseFiles> Cases,
    IReadOnlyList<DataFinding> Findings)
{
    /// <summary>The file that describes the data.</summary>
    public const string Header = "dataset.json";

    private const string Example =
        """{"channel_names": {"0": "MRI"}, "labels": {"background": 0, "tumour": 1}, "file_ending": ".nii.gz"}""";

    private static readonly string[] s_parts = ["train", "validation", "test"];

    /// <summary>Whether a folder looks like one.</summary>
    public static bool Is(string folder) =>
        File.Exists(System.IO.Path.Combine(folder, Header))
        || Directory.Exists(System.IO.Path.Combine(folder, "imagesTr"));

    /// <summary>Whether a folder has cases of a part; no file is read.</summary>
    public static bool Has(string folder, string part) =>
        CasesIn(folder, new DataFindings()).Any(files => files.Part == part);

    /// <summary>
    /// Lists a folder and reads dataset.json; without that, all label maps.
    /// </summary>
    /// <exception cref="DataFileException">
    /// dataset.json names something that cannot be used, or it is missing and the files do not say
    /// what they hold.
    /// </exception>
    public static SegmentationFolder Read(string folder)
    {
        string path = System.IO.Path.Combine(folder, Header);
        JsonObject? header = File.Exists(path) ? ReadHeader(path) : null;
        if (Text(header?["file_ending"]) is { } ending
            && !CaseListing.Endings.Contains(ending, StringComparer.OrdinalIgnoreCase))
        {
            throw new DataFileException(
                path,
                $"its cases end in '{ending}', and cases are read from {CaseListing.EndingsText}: convert them, and "
                + "correct 'file_ending'.");
        }
        DataFindings findings = new();
        List<CaseFiles> cases = CasesIn(folder, findings);
        if (cases.Count == 0)
        {
            throw new DataFileException(
                folder,
                MaskFolder.Find(folder, DatasetSplit.Train) is not null
                    ? "it holds images with masks; set data.dataset=maskFolder, or use --recipe segment-2d."
                    : "there is no case in it; imagesTr has to hold CASE_0000.nii.gz or CASE.nii.gz, and labelsTr "
                        + "CASE.nii.gz; or PNGs with these names.");
        }
        if (header is null)
        {
            findings.AddSkipped(UndescribedCases.Note, path);
        }
        return new SegmentationFolder(
            folder,
            header is null ? UndescribedCases.Channels(cases[0]) : ChannelsOf(path, header),
            header is null
                ? UndescribedCases.Labels(folder, cases)
                : DescribedLabels.Read(path, header, Example, findings),
            cases,
            findings.ToList());
    }

    private static List<CaseFiles> CasesIn(string folder, DataFindings findings)
    {
        Dictionary<string, string> parts = ReadParts(folder);
        List<CaseFiles> cases =
        [
            .. CaseListing.List(folder, "imagesTr", "labelsTr", findings).Where(
                files => parts.Count == 0 || parts.ContainsKey(files.Name)).Select(
                files => parts.Count == 0 ? files : files with { Part = parts[files.Name] }),
        ];
        foreach (string name in parts.Keys.Except(cases.Select(files => files.Name)).Order(StringComparer.Ordinal))
        {
            findings.AddProblem("case of a list that imagesTr and labelsTr do not have", name);
        }
        if (!parts.ContainsValue("test"))
        {
            cases.AddRange(CaseListing.List(folder, "imagesTs", "labelsTs", findings).Select(
                files => files with { Part = "test" }));
        }
        if (cases.GroupBy(files => files.Name).FirstOrDefault(same => same.Count() > 1) is { } twice)
        {
            throw new DataFileException(
                folder, $"the case '{twice.Key}' is in imagesTr and in imagesTs; rename one of them.");
        }
        return cases;
    }

    private static JsonObject ReadHeader(string path)
    {
        try
        {
            JsonDocumentOptions options = new() { AllowDuplicateProperties = false };
            return JsonNode.Parse(File.ReadAllText(path), documentOptions: options) as JsonObject
                ?? throw new DataFileException(path, $"it is not a JSON object; it has to be such as {Example}.");
        }
        catch (JsonException exception)
        {
            throw new DataFileException(
                path,
                (exception.LineNumber is { } line ? $"it is not JSON in line {line + 1}" : "it names a member twice")
                + $"; correct it to such as {Example}.",
                exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new DataFileException(
                path,
                $"the description of the cases cannot be read ({exception.Message}) Write one such as {Example}.",
                exception);
        }
    }

    // nnU-Net's channel_names, or modality as in the Decathlon: {"0": "CT"}.
    private static string[] ChannelsOf(string path, JsonObject header)
    {
        if ((header["channel_names"] ?? header["modality"]) is not JsonObject { Count: > 0 } names)
        {
            throw new DataFileException(
                path, $"it names no channels under 'channel_names' or 'modality'; add them as in {Example}.");
        }
        string[] channels = new string[names.Count];
        for (int channel = 0; channel < channels.Length; channel++)
        {
            channels[channel] = Text(names[channel.ToString(System.Globalization.CultureInfo.InvariantCulture)])
                ?? throw new DataFileException(
                    path, $"the channels have no name for \"{channel}\"; number them from \"0\" as in {Example}.");
        }
        return channels;
    }

    private static string? Text(JsonNode? node) => node is JsonValue ? node.ToString() : null;

    private static Dictionary<string, string> ReadParts(string folder)
    {
        Dictionary<string, string> parts = [];
        foreach (string part in s_parts)
        {
            string path = System.IO.Path.Combine(folder, part + ".txt");
            if (!File.Exists(path))
            {
                continue;
            }
            foreach (string line in File.ReadLines(path).Select(line => line.Trim()).Where(line => line.Length > 0))
            {
                if (!parts.TryAdd(line, part))
                {
                    throw new DataFileException(
                        path, $"the case '{line}' is listed before, in {parts[line]}.txt; leave it in one list.");
                }
            }
        }
        return parts;
    }
}
