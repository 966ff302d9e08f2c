using RevUp.Tensors;

namespace RevUp.Data;

/// <summary>
/// Whose random numbers an augmentation draws: a function of these three and of its purpose, and of
/// nothing else.
/// </summary>
/// <param name="Seed">Of the run.</param>
/// <param name="Epoch">Counted from 0.</param>
/// <param name="Index">The sample.</param>
internal readonly record struct SampleKey(ulong Seed, int Epoch, int Index)
{
    /// <summary>The numbers for one of <see cref="RandomStreams"/>, from their start.</summary>
    internal CounterRandom Draws(long purpose) => new(Seed, purpose + Epoch, Index);
}
