using RevUp.Data.Dense;
using RevUp.Data.Volumes;
using RevUp.Inference;

namespace RevUp.Cli;

/// <summary>Files of one case and the file of its mask.</summary>
/// <param name="Files">Of the case.</param>
/// <param name="Output">The mask.</param>
internal sealed record SegmentationJob(CaseFiles Files, string Output)
{
    private const string VolumeEnding = ".nii.gz";
    private const string PictureEnding = ".png";

    /// <summary>
    /// The jobs of a command line, sorted by name; the folder of the masks is made.
    /// </summary>
    /// <param name="input">A file or a folder.</param>
    /// <param name="output">A file for a file, a folder for a folder.</param>
    /// <param name="isByChannel">Whether pictures called CASE_0000, CASE_0001 are channels of one case.</param>
    /// <exception cref="ConfigurationException">
    /// There is nothing to segment, or the name of a mask does not fit.
    /// </exception>
    public static IReadOnlyList<SegmentationJob> List(string input, string output, bool isByChannel)
    {
        string[] paths = Directory.Exists(input)
            ? [.. Directory.EnumerateFiles(input).Where(path => !FileNames.IsHidden(Path.GetFileName(path))).Order(
                StringComparer.Ordinal)]
            : [input];
        IEnumerable<string> pictures = paths.Where(path => FileNames.IsImage(path));
        CaseFiles[] cases =
        [
            .. CaseListing.Group(paths.Where(path => VolumePaths.IsSingleNifti(path))),
            .. isByChannel ? CaseListing.Group(pictures) : pictures.Select(
                path => new CaseFiles(Path.GetFileNameWithoutExtension(path), "", [path], Labels: null)),
        ];
        string conversion = paths.Any(VolumePaths.IsForeign) ? "; convert it to NIfTI, DICOM by dcm2niix" : "";
        ConfigurationException.Require(
            cases.Length > 0,
            $"'{input}' is neither a volume (.nii, .nii.gz) nor a picture ({string.Join(", ", FileNames.Images)}), nor "
            + $"a folder with one in it{conversion}");
        SegmentationJob[] jobs;
        if (Directory.Exists(input))
        {
            ConfigurationException.Require(
                !File.Exists(output),
                $"'{input}' is a folder, whose masks go into a folder, and '{output}' is a file; name a folder");
            jobs = [.. cases.Select(files => new SegmentationJob(files, Path.Combine(output, NameOf(files))))];
        }
        else
        {
            jobs = [new SegmentationJob(cases[0], FileFor(cases[0], output))];
        }
        RequireNoLoss(jobs);
        Directory.CreateDirectory(FolderOf(jobs[0].Output));
        return jobs;
    }

    /// <summary>Makes the mask.</summary>
    public void Run(CaseSegmenter segmenter)
    {
        if (FileNames.IsImage(Files.Images[0]))
        {
            segmenter.SegmentPicture(Files, Output);
        }
        else
        {
            segmenter.SegmentVolume(Files, Output);
        }
    }

    // No mask takes the place of an image or of another mask.
    private static void RequireNoLoss(SegmentationJob[] jobs)
    {
        Dictionary<string, string> taken = new(StringComparer.Ordinal);
        foreach (string image in jobs.SelectMany(job => job.Files.Images))
        {
            taken[Resolved(image)] = $"is the image itself";
        }
        foreach (SegmentationJob job in jobs)
        {
            string path = Resolved(job.Output), image = job.Files.Images[0];
            ConfigurationException.Require(
                !taken.TryGetValue(path, out string? what),
                $"the mask of '{image}' would be '{job.Output}', which {what}; name another output");
            taken.Add(path, $"is the mask of '{image}' already");
        }
    }

    private static string FolderOf(string path) => Path.GetDirectoryName(Path.GetFullPath(path))!;

    // The path by the folder that a link leads to.
    private static string Resolved(string path)
    {
        DirectoryInfo folder = new(FolderOf(path));
        string own = folder.Exists && folder.ResolveLinkTarget(returnFinalTarget: true) is { } target
            ? target.FullName
            : folder.FullName;
        return Path.Combine(own, Path.GetFileName(path));
    }

    private static string FileFor(CaseFiles files, string output)
    {
        if (Directory.Exists(output))
        {
            return Path.Combine(output, NameOf(files));
        }
        bool fits = FileNames.IsImage(files.Images[0])
            ? output.EndsWith(PictureEnding, StringComparison.OrdinalIgnoreCase)
            : VolumePaths.IsSingleNifti(output);
        ConfigurationException.Require(
            fits,
            $"the mask of '{files.Images[0]}' cannot be '{output}'; end the name with "
            + $"{(FileNames.IsImage(files.Images[0]) ? PictureEnding : ".nii or .nii.gz")}");
        return output;
    }

    private static string NameOf(CaseFiles files) =>
        files.Name + (FileNames.IsImage(files.Images[0]) ? PictureEnding : VolumeEnding);
}
