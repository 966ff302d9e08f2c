using RevUp.Interop.Image;
using RevUp.Tensors;

namespace RevUp.Benchmarks.Studies;

/// <summary>The JPEGs of a folder and of the folders in it, in memory, with their sizes.</summary>
internal sealed class DecodingImages
{
    private DecodingImages(IReadOnlyList<(byte[] Bytes, ImageInfo Info)> files)
    {
        Files = files;
    }

    public IReadOnlyList<(byte[] Bytes, ImageInfo Info)> Files { get; }

    public int Count => Files.Count;

    /// <summary>Bytes of the largest one in RGB.</summary>
    public int LargestBytes => Files.Max(file => file.Info.Width * file.Info.Height * 3);

    /// <summary>Number, sizes and pixels, in a sentence.</summary>
    public string Description =>
        $"{Count} JPEGs of {Files.Average(file => file.Bytes.Length) / 1024:F0} KiB and "
        + $"{Files.Average(file => Area(file.Info)) / 1e6:F2} million pixels on "
        + $"average ({Files.Min(file => Area(file.Info)) / 1e6:F2} to {Files.Max(file => Area(file.Info)) / 1e6:F2}).";

    /// <exception cref="ConfigurationException">
    /// There is no such folder, or it has no JPEG.
    /// </exception>
    public static DecodingImages Read(string folder)
    {
        ConfigurationException.Require(
            Directory.Exists(folder),
            $"--images is '{folder}', which is no folder; name one with JPEGs, such as ImageNet's val");
        List<(byte[], ImageInfo)> files = [];
        EnumerationOptions everywhere =
            new() { RecurseSubdirectories = true, MatchCasing = MatchCasing.CaseInsensitive };
        foreach (string path in Directory.EnumerateFiles(folder, "*.jp*g", everywhere).Order(StringComparer.Ordinal))
        {
            byte[] bytes = File.ReadAllBytes(path);
            files.Add((bytes, ImageDecoder.Inspect(bytes)));
        }
        ConfigurationException.Require(
            files.Count > 0, $"--images is '{folder}', in which no file's name ends in .jpg or .jpeg");
        return new DecodingImages(files);
    }

    private static double Area(ImageInfo info) => (double)info.Width * info.Height;
}
