namespace RevUp.Interop;

/// <summary>Builds of the checkout that the program is in.</summary>
internal static class Checkout
{
    /// <summary>
    /// Files that ./build.sh may have made for a program below its folder. Empty in the package: a
    /// program elsewhere must not load what others put into a folder above it.
    /// </summary>
    /// <param name="baseDirectory">The program's folder.</param>
    /// <param name="kind">The folder below artifacts.</param>
    /// <param name="fileName">The name of the file.</param>
    public static IEnumerable<string> Places(string baseDirectory, string kind, string fileName)
    {
#if CHECKOUT
        for (DirectoryInfo? folder = new(baseDirectory); folder is not null; folder = folder.Parent)
        {
            yield return Path.Combine(folder.FullName, "artifacts", kind, fileName);
        }
#else
        return [];
#endif
    }
}
