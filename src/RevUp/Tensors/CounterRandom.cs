using System.Runtime.CompilerServices;

namespace RevUp.Tensors;

/// <summary>
/// Random numbers as a pure function of (seed, stream, index, draw): Philox4x64-10 with key (seed,
/// 0) and counter (draw / 4, index, stream, 0).
/// </summary>
/// <remarks>
/// Two generators with different (seed, stream, index) never share a counter, so whoever owns an
/// index (a sample, a weight) draws the same numbers on any thread and in any order. A generator
/// yields 2^66 numbers of 64 bits and allocates nothing. It is a mutable structure: pass it by
/// <c>ref</c>, since a copy repeats the same numbers. The default value is the generator (0, 0, 0).
/// Integers and uniform numbers are the same on every machine; normal numbers as far as the
/// platform's logarithm and cosine are. Source: Salmon et al., Parallel Random Numbers: As Easy as
/// 1, 2, 3 (SC 2011).
/// </remarks>
/// <example><code>
/// var random = new CounterRandom(seed: 1, stream: epoch, index: sample);
/// int offset = random.NextInt(9);
/// </code></example>
internal struct CounterRandom
{
    private const int Rounds = 10;
    private const int Lanes = 4;

    private readonly ulong _seed;
    private readonly ulong _stream;
    private readonly ulong _index;
    private ulong _block;

    // Lanes of _lanes handed out since block _block was computed; 0 when the next draw computes
    // a block.
    private int _used;
    private LaneBuffer _lanes;

    /// <summary>
    /// The generator of (seed, stream, index); negative streams and indices are valid and distinct
    /// from the others.
    /// </summary>
    /// <param name="seed">Chosen by the user, the same for a whole run.</param>
    /// <param name="stream">
    /// Use of the numbers: an epoch, a parameter. Users of one seed must not share a stream.
    /// </param>
    /// <param name="index">Which of the stream's items.</param>
    public CounterRandom(ulong seed, long stream, long index)
    {
        _seed = seed;
        _stream = (ulong)stream;
        _index = (ulong)index;
    }

    /// <summary>Uniform over all 2^64 values.</summary>
    public ulong NextUInt64()
    {
        if (_used == 0)
        {
            _lanes = Block(_block++);
        }
        ulong value = _lanes[_used];
        _used = (_used + 1) % Lanes;
        return value;
    }

    /// <summary>
    /// Uniform over 0 .. bound − 1 as ⌊bound · u / 2^64⌋: one draw always, and a bias under bound /
    /// 2^64.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">
    /// <paramref name="bound"/> is not positive.
    /// </exception>
    public int NextInt(int bound)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bound);
        return (int)Math.BigMul(NextUInt64(), (ulong)bound, out _);
    }

    /// <summary>Uniform over the multiples of 2^−24 in [0, 1).</summary>
    public float NextSingle() => (NextUInt64() >> 40) * (1f / (1 << 24));

    /// <summary>Uniform over the multiples of 2^−53 in [0, 1).</summary>
    public double NextDouble() => (NextUInt64() >> 11) * (1.0 / (1L << 53));

    /// <summary>
    /// Normal with mean 0 and variance 1, by the Box–Muller transform in double: √(−2 ln u) · cos
    /// 2πv. Two draws always; magnitudes up to 8.6.
    /// </summary>
    public float NextNormal()
    {
        double u = 1 - NextDouble(); // in (0, 1]: the logarithm is finite
        double v = NextDouble();
        return (float)(Math.Sqrt(-2 * Math.Log(u)) * Math.Cos(2 * Math.PI * v));
    }

    // The Philox4x64-10 bijection of the counter under the key; multipliers and key increments are
    // the paper's.
    private readonly LaneBuffer Block(ulong block)
    {
        (ulong c0, ulong c1, ulong c2, ulong c3) = (block, _index, _stream, 0);
        (ulong key0, ulong key1) = (_seed, 0);
        for (int round = 0; round < Rounds; round++)
        {
            ulong high0 = Math.BigMul(0xD2E7470EE14C6C93, c0, out ulong low0);
            ulong high1 = Math.BigMul(0xCA5A826395121157, c2, out ulong low1);
            (c0, c1, c2, c3) = (high1 ^ c1 ^ key0, low1, high0 ^ c3 ^ key1, low0);
            key0 += 0x9E3779B97F4A7C15;
            key1 += 0xBB67AE8584CAA73B;
        }
        LaneBuffer lanes = default;
        (lanes[0], lanes[1], lanes[2], lanes[3]) = (c0, c1, c2, c3);
        return lanes;
    }

    [InlineArray(Lanes)]
    private struct LaneBuffer
    {
        private ulong _first;
    }
}
