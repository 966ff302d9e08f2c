using System.Text.RegularExpressions;

namespace RevUp.Data;

/// <summary>
/// Where the IDX files of a dataset are, under the names that people have them by.
/// </summary>
/// <remarks>
/// Names are PREFIX, train or t10k or test, images or labels, idx3 or idx1, ubyte: with dashes,
/// dots or underscores between, with or without .gz. They may be in folders of the folder, as
/// torchvision (MNIST/raw) and Kaggle put them.
/// </remarks>
internal static partial class IdxFolder
{
    private const int Depth = 2;

    /// <summary>Whether a folder has images in IDX files whose names begin with a prefix.</summary>
    public static bool Holds(string folder, string prefix) =>
        List(folder, prefix, prefix.Length == 0 ? Depth : 0).Any(file => file.IsImages);

    /// <summary>
    /// Finds images, labels and, where there is one, the file with the names of the labels
    /// (EMNIST's mapping).
    /// </summary>
    /// <param name="path">The folder; or FOLDER/PREFIX where it holds several datasets, as
    /// EMNIST's.</param>
    /// <param name="split">Which part.</param>
    /// <exception cref="DataFileException">A file is missing, or there are several
    /// datasets.</exception>
    public static (string Images, string Labels, string? Mapping) Find(string path, DatasetSplit split)
    {
        bool isFolder = Directory.Exists(path);
        string folder = isFolder ? path : Path.GetDirectoryName(Path.GetFullPath(path)) ?? path;
        IdxName[] files = [.. List(folder, isFolder ? "" : Path.GetFileName(path), isFolder ? Depth : 0)
            .Where(file => file.IsTrain == (split == DatasetSplit.Train))];
        DataFileException.Require(
            files.Length > 0 || isFolder, path,
            $"there is no such folder; give the one of the four IDX files. {FashionMnist.HowToGet}");
        string[] prefixes = [.. files.Select(file => file.Prefix).Distinct().Order(StringComparer.Ordinal)];
        DataFileException.Require(
            prefixes.Length <= 1, path,
            $"it holds {prefixes.Length} datasets ({string.Join(", ", prefixes.Select(prefix => $"'{prefix}'"))}); "
            + $"set data.path to one of them, such as {Path.Combine(folder, prefixes[^1].TrimEnd('-', '.', '_'))}.");
        string part = split == DatasetSplit.Train ? "train" : "t10k";
        string images = First(files.Where(file => file.IsImages), path, $"{part}-images-idx3-ubyte");
        string labels = First(files.Where(file => !file.IsImages), path, $"{part}-labels-idx1-ubyte");
        string mapping = Path.Combine(Path.GetDirectoryName(images)!, prefixes[0] + "mapping.txt");
        return (images, labels, File.Exists(mapping) ? mapping : null);
    }

    // The plainest name where there are several.
    private static string First(IEnumerable<IdxName> files, string folder, string name) =>
        files.OrderBy(file => file.Path.Length).ThenBy(file => file.Path, StringComparer.Ordinal)
            .Select(file => file.Path).FirstOrDefault()
        ?? throw new DataFileException(
            Path.Combine(folder, name),
            $"neither this file nor {name}.gz is there; give the folder of the four IDX files. "
            + $"{FashionMnist.HowToGet}");

    private static IEnumerable<IdxName> List(string folder, string prefix, int depth)
    {
        if (!Directory.Exists(folder))
        {
            return [];
        }
        IdxName[] here =
        [
            .. Directory.EnumerateFiles(folder).Select(Parse).OfType<IdxName>()
                .Where(file => file.Prefix.StartsWith(prefix, StringComparison.Ordinal)),
        ];
        return here.Length > 0 || depth == 0
            ? here
            : Directory.EnumerateDirectories(folder).Where(IsPromising).SelectMany(
                path => List(path, prefix, depth - 1));
    }

    // Not each of a thousand classes: torchvision's MNIST/raw, EMNIST's gzip, and Kaggle's folder
    // around every file.
    private static bool IsPromising(string folder)
    {
        string name = Path.GetFileName(folder);
        return name is "raw" or "gzip" || name.Contains("mnist", StringComparison.OrdinalIgnoreCase)
            || Pattern().IsMatch(name);
    }

    private static IdxName? Parse(string path)
    {
        Match match = Pattern().Match(Path.GetFileName(path));
        bool images = match.Groups["what"].ValueSpan.Equals("images", StringComparison.OrdinalIgnoreCase);
        bool train = match.Groups["part"].ValueSpan.Equals("train", StringComparison.OrdinalIgnoreCase);
        return match.Success ? new IdxName(path, match.Groups["prefix"].Value, train, images) : null;
    }

    [GeneratedRegex(
        @"^(?<prefix>[^.].*[-._]|)(?<part>train|t10k|test)[-._]"
        + @"(?:(?<what>images)[-._]idx3|(?<what>labels)[-._]idx1)[-._]ubyte(?:\.gz)?$",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Pattern();

    private sealed record IdxName(string Path, string Prefix, bool IsTrain, bool IsImages);
}
