using System.Numerics;
using RevUp.Tensors;

namespace RevUp.Data;

/// <summary>
/// A pseudo-random permutation of 0 .. N − 1 per (seed, epoch): a Feistel network over the smallest
/// power of four ≥ N (at least 64), walked until it lands below N.
/// </summary>
/// <remarks>
/// Any position of any epoch costs O(1) time and no memory, so that resuming in mid-epoch needs no
/// replay, and workers on both sides of an epoch's end no shared table. Immutable. Source: Black
/// and Rogaway, Ciphers with Arbitrary Finite Domains (CT-RSA 2002), for cycle walking.
/// </remarks>
internal readonly struct EpochPermutation
{
    private const int Rounds = 6;

    // Below this a round function has too few inputs to mix; tiny datasets walk longer instead.
    private const int LeastHalfBits = 3;

    private readonly int _count;
    private readonly int _halfBits;
    private readonly ulong _key;

    public EpochPermutation(int count, ulong seed, int epoch)
    {
        _count = count;
        _halfBits = Math.Max(LeastHalfBits, (33 - BitOperations.LeadingZeroCount((uint)(count - 1))) / 2);
        _key = new CounterRandom(seed, RandomStreams.Shuffle + epoch, 0).NextUInt64();
    }

    /// <summary>Where <paramref name="position"/> is sent; both in 0 .. N − 1.</summary>
    public int this[int position]
    {
        get
        {
            // The walk follows the cycle of `position` in the larger domain, so it ends; at most 4
            // rounds on average, more below 64 samples.
            uint value = (uint)position;
            do
            {
                value = Encrypt(value);
            }
            while (value >= _count);
            return (int)value;
        }
    }

    private uint Encrypt(uint value)
    {
        uint mask = (1u << _halfBits) - 1;
        uint left = value >> _halfBits, right = value & mask;
        for (uint round = 0; round < Rounds; round++)
        {
            (left, right) = (right, left ^ (uint)Mix(_key + ((ulong)round << 32) + right) & mask);
        }
        return left << _halfBits | right;
    }

    // The finalizer of SplitMix64 (Steele, Lea and Flood, OOPSLA 2014).
    private static ulong Mix(ulong z)
    {
        z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9;
        z = (z ^ z >> 27) * 0x94D049BB133111EB;
        return z ^ z >> 31;
    }
}
