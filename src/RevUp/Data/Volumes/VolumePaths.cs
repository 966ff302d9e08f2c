namespace RevUp.Data.Volumes;

/// <summary>Facts from a volume's name where its content does not state them.</summary>
internal static class VolumePaths
{
    private static readonly string[] s_foreign = [".mgh", ".mgz", ".nrrd", ".nhdr", ".mha", ".mhd", ".mnc", ".dcm"];

    /// <summary>
    /// Whether the name promises NIfTI: .nii, or a pair of .hdr and .img that is there.
    /// </summary>
    public static bool IsNifti(string path) =>
        Has(path, ".nii") || Has(path, ".hdr") || (Has(path, ".img") && File.Exists(HeaderOf(path)));

    /// <summary>Whether the name is one of a NIfTI file with its voxels: .nii or .nii.gz.</summary>
    public static bool IsSingleNifti(string path) => Has(path, ".nii");

    /// <summary>Whether the name is one of a format of volumes that is not read.</summary>
    public static bool IsForeign(string path) => s_foreign.Any(extension => Has(path, extension));

    /// <summary>
    /// The header of a pair, by either file's name; the path itself when it has no other.
    /// </summary>
    public static string HeaderOf(string path) => Partner(path, ".img", ".hdr");

    /// <summary>The voxels of a pair, by either file's name.</summary>
    public static string ImageOf(string path) => Partner(path, ".hdr", ".img");

    private static string Partner(string path, string from, string to)
    {
        if (!Has(path, from))
        {
            return path;
        }
        string plain = Plain(path), stem = plain[..^from.Length];
        to = char.IsUpper(plain[^1]) ? to.ToUpperInvariant() : to;
        string[] names = [stem + to + path[plain.Length..], stem + to, stem + to + ".gz"];
        return names.FirstOrDefault(File.Exists) ?? names[0];
    }

    private static bool Has(string path, string extension) =>
        Plain(path).EndsWith(extension, StringComparison.OrdinalIgnoreCase);

    private static string Plain(string path) =>
        path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? path[..^3] : path;
}
