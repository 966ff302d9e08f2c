namespace RevUp.Interop;

/// <summary>
/// The checkout that a program was built in. The package's assemblies know none: a program that is
/// installed must load nothing from the folders above it (CWE-427).
/// </summary>
internal static class Checkout
{
    /// <summary>
    /// Places of a built file: under artifacts in the program's folder and in every folder above.
    /// </summary>
    /// <param name="baseDirectory">The program's folder.</param>
    /// <param name="kind">Folder in artifacts.</param>
    /// <param name="fileName">Name of the file.</param>
    internal static IEnumerable<string> Places(string baseDirectory, string kind, string fileName)
    {
#if PACKAGE
        return [];
#else
        for (DirectoryInfo? folder = new(baseDirectory); folder is not null; folder = folder.Parent)
        {
            yield return Path.Combine(folder.FullName, "artifacts", kind, fileName);
        }
#endif
    }
}
