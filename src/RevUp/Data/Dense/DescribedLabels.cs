using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace RevUp.Data.Dense;

/// <summary>
/// Classes by 'labels' of dataset.json: {"background": 0, "tumour": 1} by nnU-Net, {"0":
/// "background", "1": "tumour"} by the Decathlon.
/// </summary>
/// <remarks>
/// nnU-Net's regions are unions of numbers that overlap, as in {"tumour": [1, 2], "core": 2}. The
/// label maps still hold one number a voxel, so every number is a class, called by its regions
/// where it is no region alone. Masks get these numbers, and nnU-Net's regions_class_order writes
/// the same ones. Evaluations measure each union beside the classes.
/// </remarks>
internal sealed class DescribedLabels
{
    private const string Ignore = "ignore";

    private readonly string _path;
    private readonly List<(string Name, int[] Values)> _entries = [];

    private DescribedLabels(string path, JsonObject entries)
    {
        _path = path;
        foreach ((string key, JsonNode? entry) in entries)
        {
            bool isByNumber = int.TryParse(key, out _);
            _entries.Add(isByNumber
                ? (entry is JsonValue ? entry.ToString() : key, [Number(key, key)])
                : (key, Numbers(key, entry)));
        }
        if (_entries.FirstOrDefault(entry => entry.Name == Ignore) is { Values.Length: > 1 } ignored)
        {
            throw new DataFileException(
                _path,
                $"the label '{Ignore}' is the numbers {string.Join(", ", ignored.Values)}; give it one number, and "
                + "that to every position that does not count.");
        }
    }

    /// <summary>Reads the classes.</summary>
    /// <param name="path">dataset.json, for messages.</param>
    /// <param name="header">Its content.</param>
    /// <param name="example">Such a file, for messages.</param>
    /// <param name="findings">Takes the regions.</param>
    /// <exception cref="DataFileException">
    /// There are no labels, or a label is no number of a class.
    /// </exception>
    public static CaseLabels Read(string path, JsonObject header, string example, DataFindings findings)
    {
        if (header["labels"] is not JsonObject { Count: > 0 } entries)
        {
            throw new DataFileException(path, $"it names no classes under 'labels'; add them as in {example}.");
        }
        DescribedLabels described = new(path, entries);
        (string Name, int[] Values)[] regions = [.. described._entries.Where(entry => entry.Values.Length > 1)];
        foreach ((string name, int[] values) in regions)
        {
            findings.AddSkipped(
                "region of several labels, each of which is a class of its own",
                $"{name} [{string.Join(", ", values)}]");
        }
        CaseLabels labels = regions.Length > 0 ? described.Bases() : described.Classes();
        if (labels.Names.Count < 2 || labels.Values.Distinct().Count() < labels.Values.Count)
        {
            throw new DataFileException(
                path,
                $"its labels are {entries.ToJsonString()}; name at least two classes, each with a number of its own.");
        }
        return labels;
    }

    private int? Ignored => _entries.Where(entry => entry.Name == Ignore).Select(
        entry => (int?)entry.Values[0]).FirstOrDefault();

    private CaseLabels Classes()
    {
        (string Name, int[] Values)[] classes =
        [
            .. _entries.Where(entry => entry.Name != Ignore).OrderBy(entry => entry.Values[0]),
        ];
        return new CaseLabels(
            [.. classes.Select(entry => entry.Name)], [.. classes.Select(entry => entry.Values[0])], Ignored);
    }

    private CaseLabels Bases()
    {
        int[] values =
        [
            .. _entries.Where(entry => entry.Name != Ignore).SelectMany(entry => entry.Values).Distinct().Order(),
        ];
        IEnumerable<ClassRegion> regions = _entries.Where(entry => entry.Values.Length > 1).Select(
            entry => new ClassRegion(entry.Name, [.. entry.Values.Select(value => Array.IndexOf(values, value))]));
        return new CaseLabels([.. values.Select(NameOf)], values, Ignored, [.. regions]);
    }

    // Its own name where one entry is that number alone, or else the number with its regions.
    private string NameOf(int value)
    {
        string[] own = [.. _entries.Where(entry => entry.Values is [int one] && one == value).Select(
            entry => entry.Name)];
        IEnumerable<string> regions = _entries.Where(entry => entry.Values.Contains(value)).Select(entry => entry.Name);
        return own is [string name]
            ? name
            : string.Create(CultureInfo.InvariantCulture, $"{value} ({string.Join(", ", regions)})");
    }

    private int[] Numbers(string name, JsonNode? entry) => entry is JsonArray { Count: > 0 } region
        ? [.. region.Select(each => Number(name, each is JsonValue ? each.ToString() : null, entry)).Distinct().Order()]
        : [Number(name, entry is JsonValue ? entry.ToString() : null, entry)];

    private int Number(string name, string? text, JsonNode? entry = null) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int value)
            && value < VoxelLabels.Ignored
                ? value
                : throw new DataFileException(
                    _path,
                    $"the label '{name}' is {entry?.ToJsonString() ?? text ?? "null"}; give each class a whole number "
                    + $"from 0 to {VoxelLabels.Ignored - 1}.");
}
