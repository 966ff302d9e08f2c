namespace RevUp.Data;

/// <summary>The streams of <see cref="Randomness.CounterRandom"/> that loading draws from: a purpose in the upper half, the epoch in the lower.</summary>
internal static class RandomStreams
{
    public static long Shuffle(int epoch) => (0x53485546L << 32) + epoch; // "SHUF"

    public static long Augmentation(int epoch) => (0x4155474DL << 32) + epoch; // "AUGM"
}
