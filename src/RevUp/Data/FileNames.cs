namespace RevUp.Data;

/// <summary>Which files lie in data folders without being data.</summary>
internal static class FileNames
{
    /// <summary>Formats of images that are read, by extension.</summary>
    public static readonly string[] Images = [".jpg", ".jpeg", ".png"];

    private static readonly string[] s_otherImages =
    [
        ".bmp", ".webp", ".gif", ".tif", ".tiff", ".ppm", ".pgm", ".pnm", ".jp2", ".avif",
        ".heic", ".heif", ".jxl", ".jfif", ".jpe", ".tga", ".dcm",
    ];

    /// <summary>Whether the extension is one of JPEG or PNG.</summary>
    public static bool IsImage(string name) => Has(Images, name);

    /// <summary>Whether the extension is one of an image format that is not read.</summary>
    public static bool IsOtherImage(string name) => Has(s_otherImages, name);

    /// <summary>
    /// Whether a file or folder is hidden, or is a side file of macOS, Windows, Synology or ext4.
    /// </summary>
    public static bool IsHidden(string name) =>
        name.StartsWith('.') || name is "__MACOSX" or "@eaDir" or "lost+found"
        || name.Equals("Thumbs.db", StringComparison.OrdinalIgnoreCase)
        || name.Equals("desktop.ini", StringComparison.OrdinalIgnoreCase);

    private static bool Has(string[] extensions, string name) =>
        extensions.Contains(Path.GetExtension(name), StringComparer.OrdinalIgnoreCase);
}
