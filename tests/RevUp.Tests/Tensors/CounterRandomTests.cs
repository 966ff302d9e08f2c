namespace RevUp.Tests.Tensors;

/// <summary>
/// Fixed seeds throughout: each check always passes or always fails. The bounds leave out one event
/// in a million.
/// </summary>
[TestClass]
public sealed class CounterRandomTests
{
    // The zero counter under the zero key is a known answer of the authors' Random123 distribution
    // (kat_vectors, philox4x64 10).
    [TestMethod]
    public void TheZeroVectorOfTheAuthorsIsReproduced() =>
        AssertDraws(default, 0x16554d9eca36314c, 0xdb20fe9d672d0fdc, 0xd7e772cee186176b, 0x7e68b68aec7ba23b);

    // Computed with arbitrary-precision integers: counters (0, index, stream, 0) and (1, index,
    // stream, 0), key (seed, 0).
    [TestMethod]
    public void SeedStreamIndexAndBlockReachTheirWords() =>
        AssertDraws(
            new CounterRandom(0x452821e638d01377, 3, -5),
            0xd4263096ac71eada, 0x9fb11fc322337b75, 0x4ee1d021606e819c, 0x49d5f4a3663af8d0,
            0xb6982c8a2e8f9b15, 0x2f7392ffd949f613, 0xe23fef72ba25dd3f, 0x89208df6d52f7370);

    [TestMethod]
    public void DrawsDependOnSeedStreamAndIndexOnly()
    {
        var first = new CounterRandom(7, 8, 9);
        var same = new CounterRandom(7, 8, 9);
        for (int draw = 0; draw < 100; draw++)
        {
            Assert.AreEqual(first.NextUInt64(), same.NextUInt64());
        }
    }

    [TestMethod]
    public void NeighbouringGeneratorsShareNoNumber()
    {
        var seen = new HashSet<ulong>();
        (ulong, long, long)[] neighbours =
            [(0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1), (0, -1, 0), (0, 0, -1), (1, 1, 1)];
        foreach ((ulong seed, long stream, long index) in neighbours)
        {
            var random = new CounterRandom(seed, stream, index);
            for (int draw = 0; draw < 1000; draw++)
            {
                Assert.IsTrue(
                    seen.Add(random.NextUInt64()),
                    $"draw {draw} of ({seed}, {stream}, {index}) repeats an earlier number");
            }
        }
    }

    [TestMethod]
    [DataRow(1)]
    [DataRow(2)]
    [DataRow(9)]
    [DataRow(100)]
    public void IntegersAreUniform(int bound)
    {
        const int Draws = 100_000;
        var counts = new int[bound];
        for (int index = 0; index < Draws; index++)
        {
            var random = new CounterRandom(42, 3, index); // the first draw of many generators, as augmentation uses it
            counts[random.NextInt(bound)]++;
        }

        double expected = (double)Draws / bound;
        double chiSquare = counts.Sum(count => (count - expected) * (count - expected) / expected);
        double freedom = bound - 1;
        Assert.IsLessThanOrEqualTo(freedom + 5 * Math.Sqrt(2 * freedom) + 15, chiSquare);
    }

    [TestMethod]
    public void TheLargestBoundStaysInside()
    {
        var random = new CounterRandom(1, 0, 0);
        int largest = Enumerable.Range(0, 10_000).Max(_ => random.NextInt(int.MaxValue));
        Assert.IsInRange(int.MaxValue / 1000 * 999, int.MaxValue - 1, largest);
    }

    [TestMethod]
    [DataRow(0)]
    [DataRow(-1)]
    public void ABoundThatIsNotPositiveIsRefused(int bound)
    {
        var random = new CounterRandom(1, 0, 0);
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => random.NextInt(bound));
    }

    [TestMethod]
    public void UniformNumbersHaveTheMomentsOfTheUnitInterval()
    {
        const int Draws = 200_000;
        var random = new CounterRandom(5, 0, 0);
        float[] single = [.. Enumerable.Range(0, Draws).Select(_ => random.NextSingle())];
        double[] full = [.. Enumerable.Range(0, Draws).Select(_ => random.NextDouble())];
        Assert.IsTrue(single.All(u => u is >= 0 and < 1) && full.All(u => u is >= 0 and < 1));
        double fiveSigma = 5 / Math.Sqrt(12.0 * Draws);
        Assert.AreEqual(0.5, single.Average(u => (double)u), fiveSigma);
        Assert.AreEqual(0.5, full.Average(), fiveSigma);
        Assert.AreEqual(1.0 / 3, full.Average(u => u * u), 5 * Math.Sqrt(4.0 / 45 / Draws));
    }

    [TestMethod]
    public void NormalNumbersHaveTheMomentsAndTailsOfTheNormalDistribution()
    {
        const int Draws = 400_000;
        var random = new CounterRandom(11, 0, 0);
        double[] z = [.. Enumerable.Range(0, Draws).Select(_ => (double)random.NextNormal())];
        double sigma = 1 / Math.Sqrt(Draws);
        Assert.AreEqual(0, z.Average(), 5 * sigma);
        Assert.AreEqual(1, z.Average(x => x * x), 5 * sigma * Math.Sqrt(2)); // Var z² = 2
        Assert.AreEqual(0, z.Average(x => x * x * x), 5 * sigma * Math.Sqrt(15)); // Var z³ = 15
        Assert.AreEqual(3, z.Average(x => x * x * x * x), 5 * sigma * Math.Sqrt(96)); // Var z⁴ = 96
        Assert.AreEqual(0.0455, z.Count(x => Math.Abs(x) > 2) / (double)Draws, 5 * sigma * Math.Sqrt(0.0455));
    }

    [TestMethod]
    public void EveryBitIsSetHalfOfTheTimeAndAgreesWithItsNeighbourStreamHalfOfTheTime()
    {
        const int Draws = 20_000;
        var set = new int[64];
        var agree = new int[64];
        for (int index = 0; index < Draws; index++)
        {
            ulong value = new CounterRandom(1, 0, index).NextUInt64();
            ulong neighbour = new CounterRandom(1, 1, index).NextUInt64();
            for (int bit = 0; bit < 64; bit++)
            {
                set[bit] += (int)(value >> bit & 1);
                agree[bit] += (int)(~(value ^ neighbour) >> bit & 1);
            }
        }

        double sixSigma = 6 * Math.Sqrt(Draws) / 2;
        Assert.IsTrue(set.Concat(agree).All(count => Math.Abs(count - Draws / 2) < sixSigma));
    }

    private static void AssertDraws(CounterRandom random, params ulong[] expected)
    {
        ulong[] actual = [.. expected.Select(_ => random.NextUInt64())];
        CollectionAssert.AreEqual(expected, actual);
    }
}
