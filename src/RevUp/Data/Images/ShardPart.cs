namespace RevUp.Data.Images;

/// <summary>A part of a dataset to copy.</summary>
/// <param name="Name">Of its folder; empty for a dataset without parts.</param>
/// <param name="Dataset">Its images.</param>
internal sealed record ShardPart(string Name, EncodedDataset Dataset);
