using RevUp.Data.Images;
using RevUp.Interop.Posix;

namespace RevUp.Data.Preparation;

/// <summary>
/// ImageNet (ILSVRC 2012) as it is downloaded: archives or what they unpack to, and a list of the
/// validation images' classes.
/// </summary>
internal static class ImageNet
{
    private static readonly string[] s_roots = ["", "ILSVRC/Data/CLS-LOC", "Data/CLS-LOC", "CLS-LOC"];

    /// <summary>Opens both parts, to be packed.</summary>
    /// <param name="source">
    /// The folder with ILSVRC2012_img_train.tar or train, and with ILSVRC2012_img_val.tar or val;
    /// Kaggle's folders are looked into.
    /// </param>
    /// <param name="labels">
    /// The devkit's archive, its list of numbers beside meta.mat, Kaggle's LOC_val_solution.csv, or
    /// a CSV of image and class; null to look in the source.
    /// </param>
    /// <returns>"train" and "val", with the classes of the former; the caller disposes
    /// them.</returns>
    /// <exception cref="DataFileException">A part or the list is missing, or an image has no
    /// class.</exception>
    public static IReadOnlyList<ShardPart> Open(string source, string? labels = null)
    {
        string root = s_roots.Select(root => Path.Combine(source, root)).FirstOrDefault(
            root => Find(root, "train") is not null)
            ?? throw new DataFileException(
                source,
                "there is neither ILSVRC2012_img_train.tar nor a folder 'train' in it; name ImageNet's folder.");
        EncodedDataset train = OpenTrain(Find(root, "train")!);
        try
        {
            string place = Find(root, "val")
                ?? throw new DataFileException(
                    root,
                    "there is neither ILSVRC2012_img_val.tar nor a folder 'val' in it; add the validation images.");
            EncodedDataset val = OpenVal(place, source, root, labels, train.Classes);
            return [new ShardPart("train", train), new ShardPart("val", val)];
        }
        catch
        {
            train.Dispose();
            throw;
        }
    }

    private static string? Find(string root, string part)
    {
        string archive = Path.Combine(root, $"ILSVRC2012_img_{part}.tar"), folder = Path.Combine(root, part);
        return File.Exists(archive) ? archive : Directory.Exists(folder) ? folder : null;
    }

    private static EncodedDataset OpenTrain(string place)
    {
        if (File.Exists(place))
        {
            return WebDataset.Open(ShardSet.Index(place, [place], null), null, ImageSets.Sample);
        }
        return ShardFile.List(place) is { Length: > 0 } shards
            ? WebDataset.Open(ShardSet.Index(place, shards, null), null, ImageSets.Sample)
            : ImageFolder.Open(place, ImageSets.Sample);
    }

    private static EncodedDataset OpenVal(
        string place, string source, string root, string? labels, IReadOnlyList<string> classes)
    {
        bool isArchive = File.Exists(place);
        if (!isArchive && FolderEntries.List(place).Any(entry => entry.IsFolder && !FileNames.IsHidden(entry.Name)))
        {
            return ImageFolder.Open(place, ImageSets.Sample);
        }
        string list = labels ?? ImageNetLabels.Find(source) ?? ImageNetLabels.Find(root) ?? throw new DataFileException(
            place,
            "its images are in no class folder, and their classes are in none of the lists that are looked for; name "
            + $"one with --labels: {ImageNetLabels.KaggleList}, or the devkit's archive.");
        Dictionary<string, string> names = ImageNetLabels.Read(list);
        if (isArchive)
        {
            return WebDataset.Open(
                ShardSet.Index(place, [place], null, image => ClassOf(image, names, list)), classes, ImageSets.Sample);
        }
        string[] files = [.. FolderEntries.List(place).Where(entry => FileNames.IsImage(entry.Name))
            .Select(entry => entry.Name)];
        FolderListing listing = new(files, [.. files.Select(file => ClassOf(file, names, list))], [], []);
        return ImageFolder.Open(place, listing, classes, ImageSets.Sample);
    }

    private static string ClassOf(string image, Dictionary<string, string> names, string list) =>
        names.GetValueOrDefault(Path.GetFileNameWithoutExtension(image))
        ?? throw new DataFileException(
            list, $"it does not name the class of {image}; give a list of all validation images.");
}
