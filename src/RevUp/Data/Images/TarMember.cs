using System.Formats.Tar;

namespace RevUp.Data.Images;

/// <summary>Where an image is in a set of shards, and what it shows.</summary>
/// <param name="Shard">Which file.</param>
/// <param name="Offset">Of its first byte.</param>
/// <param name="Length">In bytes.</param>
/// <param name="Name">Of the member.</param>
/// <param name="Class">The name of its class.</param>
internal readonly record struct TarMember(int Shard, long Offset, long Length, string Name, string Class);
