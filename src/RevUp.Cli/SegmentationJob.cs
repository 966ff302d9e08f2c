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
    /// <exception cref="ConfigurationException">
    /// There is nothing to segment, or the name of a mask does not fit.
    /// </exception>
    public static IReadOnlyList<SegmentationJob> List(string input, string output)
    {
        string[] paths = Directory.Exists(input)
            ? [.. Directory.EnumerateFiles(input).Where(path => !FileNames.IsHidden(Path.GetFileName(path))).Order(
                StringComparer.Ordinal)]
            : [input];
        CaseFiles[] cases =
        [
            .. CaseListing.Group(paths.Where(path => VolumePaths.IsSingleNifti(path))),
            .. paths.Where(path => FileNames.IsImage(path)).Select(
                path => new CaseFiles(Path.GetFileNameWithoutExtension(path), "", [path], Labels: null)),
        ];
        ConfigurationException.Require(
            cases.Length > 0,
            $"'{input}' is neither a volume (.nii, .nii.gz) nor a picture ({string.Join(", ", FileNames.Images)}), nor "
            + $"a folder with one in it");
        if (!Directory.Exists(input))
        {
            return [new SegmentationJob(cases[0], FileFor(cases[0], output))];
        }
        Directory.CreateDirectory(output);
        return [.. cases.Select(files => new SegmentationJob(files, Path.Combine(output, NameOf(files))))];
    }

    /// <summary>Makes the mask.</summary>
    public void Run(CaseSegmenter segmenter)
    {
        if (FileNames.IsImage(Files.Images[0]))
        {
            segmenter.SegmentPicture(Files.Images[0], Output);
        }
        else
        {
            segmenter.SegmentVolume(Files, Output);
        }
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
