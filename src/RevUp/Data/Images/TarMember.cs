using System.Formats.Tar;

namespace RevUp.Data.Images;

/// <summary>A member of a shard.</summary>
/// <param name="Name">With its folders.</param>
/// <param name="Offset">Of its first byte in the shard.</param>
/// <param name="Length">In bytes.</param>
/// <param name="Type">A file, a link, or something else.</param>
/// <param name="Target">Of a link.</param>
internal readonly record struct TarMember(string Name, long Offset, long Length, TarEntryType Type, string Target)
{
    public bool IsFile => Type is TarEntryType.RegularFile or TarEntryType.V7RegularFile or TarEntryType.ContiguousFile;

    public bool IsLink => Type is TarEntryType.HardLink or TarEntryType.SymbolicLink;

    public bool IsFolder => Type is TarEntryType.Directory;
}
