using RevUp.Data.Images;
using RevUp.Interop.Posix;

namespace RevUp.Data.Dense;

/// <summary>Pairs images with label maps by their names.</summary>
internal static class CaseListing
{
    /// <summary>Names of files of cases end so: volumes and pictures.</summary>
    public static readonly string[] Endings = [".nii.gz", ".nii", ".png"];

    /// <summary>The endings in a sentence.</summary>
    public const string EndingsText = ".nii.gz, .nii or .png";

    /// <summary>Cases with a label map, sorted by name, in the part "train".</summary>
    /// <param name="folder">The dataset.</param>
    /// <param name="images">Folder with CASE_0000.nii.gz, CASE_0001.nii.gz, or CASE.nii.gz.</param>
    /// <param name="labels">Folder with CASE.nii.gz.</param>
    /// <param name="findings">Takes what has no partner.</param>
    public static List<CaseFiles> List(string folder, string images, string labels, DataFindings findings)
    {
        (string imageFolder, string labelFolder) = (Path.Combine(folder, images), Path.Combine(folder, labels));
        if (!Directory.Exists(imageFolder) || !Directory.Exists(labelFolder))
        {
            return [];
        }
        Dictionary<string, string> maps = [];
        foreach ((string stem, string path) in Files(labelFolder, findings))
        {
            maps.TryAdd(stem, path);
        }
        SortedDictionary<string, List<string>> found = new(StringComparer.Ordinal);
        foreach ((string stem, string path) in Files(imageFolder, findings))
        {
            string name = maps.ContainsKey(stem) ? stem : NameOf(stem);
            if (!found.TryGetValue(name, out List<string>? files))
            {
                found.Add(name, files = []);
            }
            files.Add(path);
        }
        foreach ((string name, List<string> files) in found.Where(pair => !maps.ContainsKey(pair.Key)))
        {
            findings.AddProblem("image without a label map", files[0]);
        }
        foreach ((string stem, string path) in maps.Where(pair => !found.ContainsKey(pair.Key)))
        {
            findings.AddProblem("label map without an image", path);
        }
        return
        [
            .. found.Where(pair => maps.ContainsKey(pair.Key)).Select(
                pair => new CaseFiles(pair.Key, "train", pair.Value, maps[pair.Key])),
        ];
    }

    /// <summary>
    /// Cases without label maps, sorted by name: the files of one name are its channels.
    /// </summary>
    /// <param name="paths">Of files of cases, sorted by name.</param>
    public static IEnumerable<CaseFiles> Group(IEnumerable<string> paths) => paths
        .GroupBy(path => NameOf(Stem(Path.GetFileName(path))))
        .OrderBy(files => files.Key, StringComparer.Ordinal)
        .Select(files => new CaseFiles(files.Key, "", [.. files], Labels: null));

    private static string NameOf(string stem) => HasChannel(stem) ? stem[..^5] : stem;

    private static string Stem(string file) =>
        Endings.FirstOrDefault(ending => file.EndsWith(ending, StringComparison.OrdinalIgnoreCase)) is { } ending
            ? file[..^ending.Length]
            : Path.GetFileNameWithoutExtension(file);

    /// <summary>CASE_0000: four digits of the channel.</summary>
    private static bool HasChannel(string stem) =>
        stem.Length > 5 && stem[^5] == '_' && stem[^4..].All(char.IsAsciiDigit);

    // Sorted by name, so channels are in their order.
    private static List<(string Stem, string Path)> Files(string folder, DataFindings findings)
    {
        List<(string, string)> files = [];
        foreach (RawEntry entry in FolderEntries.List(folder))
        {
            string path = Path.Combine(folder, entry.Name);
            string? ending = Endings.FirstOrDefault(
                each => entry.Name.EndsWith(each, StringComparison.OrdinalIgnoreCase));
            if (FileNames.IsHidden(entry.Name))
            {
                findings.AddSkipped("hidden or side file or folder", path);
            }
            else if (entry.IsFolder || ending is null)
            {
                findings.AddProblem($"file that is not {EndingsText}", path);
            }
            else
            {
                files.Add((entry.Name[..^ending.Length], path));
            }
        }
        return files;
    }
}
