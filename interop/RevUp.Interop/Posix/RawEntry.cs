namespace RevUp.Interop.Posix;

/// <summary>An entry of a folder.</summary>
/// <param name="Name">Without folders, as <see cref="RawName"/> decodes it.</param>
/// <param name="IsFolder">Whether it is a folder, or a link to one.</param>
internal readonly record struct RawEntry(string Name, bool IsFolder);
