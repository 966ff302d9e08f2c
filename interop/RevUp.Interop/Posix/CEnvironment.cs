namespace RevUp.Interop.Posix;

/// <summary>
/// The environment that native libraries read. The runtime keeps a copy of it, so neither this
/// process's <see cref="Environment"/> nor its children see what is set here.
/// </summary>
internal static partial class CEnvironment
{
    private const string Library = "libc";

    /// <summary>Sets a variable that the user has not set.</summary>
    public static void Propose(string name, string value) => _ = SetVariable(name, value, overwrite: 0);

    [LibraryImport(Library, EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetVariable(string name, string value, int overwrite);
}
