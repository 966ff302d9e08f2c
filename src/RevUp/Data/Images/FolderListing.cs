using RevUp.Interop.Posix;

namespace RevUp.Data.Images;

/// <summary>The images of one part of a dataset in folders.</summary>
/// <param name="Files">Paths from the part's folder, sorted by their characters.</param>
/// <param name="ClassOf">The class of each file.</param>
/// <param name="Classes">Names of all folders of classes, also of those without an image.</param>
/// <param name="Findings">Other files that lie there.</param>
internal sealed record FolderListing(
    string[] Files, string[] ClassOf, string[] Classes, IReadOnlyList<DataFinding> Findings)
{
    // Tiny ImageNet: CLASS/images/FILE.
    private const string InnerFolder = "images";

    /// <summary>Lists CLASS/FILE, or a flat folder with a list of classes.</summary>
    /// <exception cref="DataFileException">The folder cannot be listed, or has no
    /// image.</exception>
    public static FolderListing Read(string folder)
    {
        if (FlatLabels.Read(folder) is { } flat)
        {
            flat.Sort((x, y) => string.CompareOrdinal(x.File, y.File));
            string[] classes = ClassNames.Sort(flat.Select(file => file.Class));
            return new FolderListing(
                [.. flat.Select(file => file.File)], [.. flat.Select(file => file.Class)], classes, []);
        }
        DataFindings findings = new();
        Dictionary<string, string> folders = []; // class to folder
        List<(string File, string Class)> files = [];
        foreach (RawEntry entry in FolderEntries.List(folder))
        {
            string path = Path.Combine(folder, entry.Name);
            if (FileNames.IsHidden(entry.Name))
            {
                findings.AddSkipped("hidden or side file or folder", path);
            }
            else if (entry.IsFolder)
            {
                // The name of a class goes into checkpoints, which are UTF-8.
                string name = RawName.IsRaw(entry.Name) ? PrintableText.Of(entry.Name) : entry.Name;
                folders.Add(name, entry.Name);
                int before = files.Count;
                AddClass(folder, entry.Name, name, files, findings);
                if (files.Count == before)
                {
                    findings.AddProblem("class without an image; remove its folder", path);
                }
            }
            else
            {
                Note(entry.Name, path, "image outside the folders of classes", findings);
            }
        }
        // By name of the file, whatever the class is called.
        files.Sort((x, y) => string.CompareOrdinal(x.File, y.File));
        return new FolderListing(
            [.. files.Select(file => file.File)],
            [.. files.Select(file => file.Class)],
            ClassNames.Sort(folders.Keys),
            findings.ToList());
    }

    /// <summary>Throws where there is no image, and says what to do.</summary>
    /// <exception cref="DataFileException">There is no image.</exception>
    public FolderListing RequireImages(string folder)
    {
        if (Files.Length > 0)
        {
            return this;
        }
        DataFinding? problem = Findings.FirstOrDefault(
            finding => finding.IsProblem && !finding.What.StartsWith("class", StringComparison.Ordinal));
        string instead = problem is null
            ? ""
            : $" There are {problem.Count} of the sort '{problem.What}', such as {problem.Examples[0]}.";
        string imageNet = problem?.Examples[0].Contains("ILSVRC2012", StringComparison.Ordinal) ?? false
            ? " For ImageNet as it unpacks, run 'revup data prepare imagenet'."
            : "";
        throw new DataFileException(
            folder,
            $"there is no image ({string.Join(", ", FileNames.Images)}) in its folders; it has to hold "
            + $"CLASS/FILE.{instead}{imageNet}");
    }

    private static void AddClass(
        string folder, string place, string name, List<(string File, string Class)> files, DataFindings findings)
    {
        int before = files.Count;
        List<string> folders = [];
        foreach (RawEntry entry in FolderEntries.List(Path.Combine(folder, place)))
        {
            string path = Path.Combine(folder, place, entry.Name);
            if (FileNames.IsHidden(entry.Name))
            {
                findings.AddSkipped("hidden or side file or folder", path);
            }
            else if (entry.IsFolder)
            {
                folders.Add(entry.Name);
            }
            else if (FileNames.IsImage(entry.Name))
            {
                files.Add((Path.Combine(place, entry.Name), name));
            }
            else
            {
                Note(entry.Name, path, "", findings);
            }
        }
        bool inner = files.Count == before && folders is [InnerFolder];
        foreach (string deeper in folders)
        {
            if (inner)
            {
                AddClass(folder, Path.Combine(place, deeper), name, files, findings);
            }
            else
            {
                NoteDeeper(Path.Combine(folder, place, deeper), findings);
            }
        }
    }

    // Links are not followed: they may lead in a circle.
    private static void NoteDeeper(string folder, DataFindings findings)
    {
        if (new DirectoryInfo(folder).LinkTarget is not null || RawName.IsRaw(folder))
        {
            findings.AddProblem("folder inside a class's folder, which is not looked into", folder);
            return;
        }
        foreach (RawEntry entry in FolderEntries.List(folder).Where(entry => !FileNames.IsHidden(entry.Name)))
        {
            string path = Path.Combine(folder, entry.Name);
            if (entry.IsFolder)
            {
                NoteDeeper(path, findings);
            }
            else if (FileNames.IsImage(entry.Name))
            {
                findings.AddProblem("image in a folder inside a class's folder", path);
            }
        }
    }

    private static void Note(string name, string path, string ifImage, DataFindings findings)
    {
        if (FileNames.IsImage(name))
        {
            findings.AddProblem(ifImage, path);
        }
        else if (FileNames.IsOtherImage(name))
        {
            findings.AddProblem("image that is neither JPEG nor PNG", path);
        }
        else
        {
            findings.AddSkipped("other file", path);
        }
    }
}
