namespace RevUp.Data.Images;

/// <summary>An image in a set of shards.</summary>
/// <param name="Shard">Which file.</param>
/// <param name="Offset">Of its first byte.</param>
/// <param name="Length">In bytes.</param>
/// <param name="Name">Of the member.</param>
/// <param name="Class">The name of its class: by the .cls member of its key, or else by its folder;
/// empty where there is neither.</param>
/// <param name="HasLabel">Whether a .cls member names the class.</param>
internal readonly record struct ShardSample(
    int Shard, long Offset, long Length, string Name, string Class, bool HasLabel);
