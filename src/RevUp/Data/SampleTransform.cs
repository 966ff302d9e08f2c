using RevUp.Randomness;

namespace RevUp.Data;

/// <summary>What happens to every sample on its way into a batch.</summary>
/// <param name="Augmentation">Drawn for each sample.</param>
/// <param name="Normalization">The same for all.</param>
public sealed record SampleTransform(Augmentation Augmentation, ChannelNormalization Normalization);

/// <summary>Whose random numbers an augmentation draws: a function of these three and of its purpose, and of nothing else.</summary>
/// <param name="Seed">Of the run.</param>
/// <param name="Epoch">Counted from 0.</param>
/// <param name="Index">The sample.</param>
public readonly record struct SampleKey(ulong Seed, int Epoch, int Index)
{
    /// <summary>The numbers for one of <see cref="RandomStreams"/>, from their start.</summary>
    internal CounterRandom Draws(long purpose) => new(Seed, purpose + Epoch, Index);
}
