namespace RevUp.Data;

/// <summary>Changes to every sample on its way into a batch.</summary>
/// <param name="Augmentation">Drawn for each sample.</param>
/// <param name="Normalization">The same for all.</param>
internal sealed record SampleTransform(Augmentation Augmentation, ChannelNormalization Normalization);
