using RevUp.Data.Transforms;

namespace RevUp.Tests.Data.Transforms;

[TestClass]
public sealed class MixingTests
{
    private const int Count = 5;
    private const int Classes = 7;
    private static readonly Shape Sample = new(1, 9, 11, 2);

    [TestMethod]
    [DataRow(0.01)]
    [DataRow(0.2)]
    [DataRow(0.7)]
    [DataRow(1.0)]
    [DataRow(8.0)]
    public void BetaHasItsMoments(double alpha)
    {
        const int Draws = 100_000;
        double[] values = new double[Draws];
        for (int i = 0; i < Draws; i++)
        {
            CounterRandom random = new(1, 2, i);
            values[i] = Beta.Draw(ref random, alpha);
            Assert.IsTrue(values[i] is >= 0 and <= 1, $"{values[i]}");
        }
        // Var λ = 1 / (4(2α + 1)); the mean of (λ − ½)⁴ follows from the kurtosis 3 − 6/(2α + 3).
        double variance = 1 / (4 * (2 * alpha + 1)), fourth = variance * variance * (3 - 6 / (2 * alpha + 3));
        Assert.AreEqual(0.5, values.Average(), 5 * Math.Sqrt(variance / Draws));
        Assert.AreEqual(
            variance,
            values.Average(x => (x - 0.5) * (x - 0.5)),
            5 * Math.Sqrt((fourth - variance * variance) / Draws));
        Assert.AreEqual(fourth, values.Average(x => Math.Pow(x - 0.5, 4)), 5 * Math.Sqrt(fourth / 16 / Draws));
    }

    [TestMethod]
    public void MixupBlendsPixelsAndTargetsOfTwoSamplesByOneWeight()
    {
        (float[] pixels, float[] targets) = Batch();
        float[] mixed = [.. pixels], weights = [.. targets];
        Mix(new Augmentation { Mixup = 1 }, mixed, weights, index: 3);
        HashSet<int> partners = [];
        for (int i = 0; i < Count; i++)
        {
            float[] row = Row(weights, i);
            float lambda = row[i];
            int partner = Array.FindIndex(row, value => value > 0 && value != lambda);
            Assert.AreNotEqual(i, partner);
            Assert.AreEqual(weights[0], lambda, "one λ for the batch");
            Assert.AreEqual(1, row.Sum(), 1e-6);
            Assert.IsTrue(partners.Add(partner), "every sample is a partner once");
            float[] expected = [.. Row(pixels, i).Zip(Row(pixels, partner), (a, b) => lambda * a + (1 - lambda) * b)];
            CollectionAssert.AreEqual(expected, Row(mixed, i));
        }
    }

    [TestMethod]
    public void CutMixPastesOneBoxAndWeighsByItsExactArea()
    {
        int boxes = 0;
        for (int index = 0; index < 200; index++)
        {
            (float[] pixels, float[] targets) = Batch();
            float[] mixed = [.. pixels];
            Mix(new Augmentation { CutMix = 1 }, mixed, targets, index);
            for (int i = 0; i < Count; i++)
            {
                int[] changed = [.. Enumerable.Range(0, mixed.Length / Count / 2).Where(
                    p => Row(mixed, i)[2 * p] != Row(pixels, i)[2 * p])];
                float[] row = Row(targets, i);
                Assert.AreEqual(1 - changed.Length / 99f, row[i], 1e-6f);
                Assert.AreEqual(1, row.Sum(), 1e-6);
                if (changed.Length == 0)
                {
                    continue;
                }
                boxes++;
                int width = changed.Max(p => p % 11) - changed.Min(p => p % 11) + 1;
                int height = changed.Max(p => p / 11) - changed.Min(p => p / 11) + 1;
                Assert.AreEqual(width * height, changed.Length, "a rectangle");
                int partner = changed.Length == 99
                    ? Array.FindIndex(row, value => value > 0)
                    : Array.FindIndex(row, value => value > 0 && value != row[i]);
                foreach (int p in changed)
                {
                    CollectionAssert.AreEqual(
                        Row(pixels, partner)[(2 * p)..(2 * p + 2)], Row(mixed, i)[(2 * p)..(2 * p + 2)]);
                }
            }
        }
        Assert.IsGreaterThan(100 * Count, boxes);
    }

    [TestMethod]
    public void BothTogetherTakeTurnsByAFairCoin()
    {
        const int Draws = 2_000;
        int cut = Enumerable.Range(0, Draws).Count(index =>
        {
            (float[] pixels, float[] targets) = Batch();
            float[] mixed = [.. pixels];
            Mix(new Augmentation { Mixup = 8, CutMix = 8 }, mixed, targets, index); // α = 8: λ is far from 0 and 1
            return mixed.Zip(pixels).Any(pair => pair.First == pair.Second);
        });
        Assert.IsLessThan(5 * Math.Sqrt(Draws) / 2, Math.Abs(cut - Draws / 2.0));
    }

    [TestMethod]
    public void PartnersAreUniform()
    {
        const int Draws = 20_000;
        int[,] counts = new int[Count, Count];
        for (int index = 0; index < Draws; index++)
        {
            float[] pixels = new float[Count * (int)Sample.Count];
            float[] targets = new float[Count * Classes];
            for (int i = 0; i < Count; i++)
            {
                targets[i * Classes + i] = 1;
            }
            Mix(new Augmentation { Mixup = 8 }, pixels, targets, index);
            for (int i = 0; i < Count; i++)
            {
                int partner = Enumerable.Range(0, Count).First(j => j != i && targets[i * Classes + j] > 0);
                counts[i, partner]++;
            }
        }
        double expected = Draws / (Count - 1.0);
        double chiSquare =
            counts.Cast<int>().Where(count => count > 0).Sum(count => Math.Pow(count - expected, 2) / expected);
        Assert.IsLessThan(15 + 5 * Math.Sqrt(30.0), chiSquare); // 5 rows of 3 degrees of freedom
    }

    [TestMethod]
    public void ABatchOfOneStaysAsItIs()
    {
        float[] pixels = [.. Batch().Pixels.Take((int)Sample.Count)], targets = [0.25f, 0.75f, 0, 0, 0, 0, 0];
        float[] mixed = [.. pixels];
        CounterRandom random = new(1, 2, 3);
        BatchMixer.Create(
            new Augmentation { Mixup = 1 }, Sample, Classes, capacity: Count)!
            .Mix(mixed, default, targets, 1, ref random);
        for (int i = 0; i < pixels.Length; i++)
        {
            Assert.AreEqual(pixels[i], mixed[i], 1e-6f * pixels[i]);
        }
        Assert.AreEqual(0.75f, targets[1], 1e-6f);
    }

    [TestMethod]
    public void NothingToMixNeedsNoMixer() =>
        Assert.IsNull(BatchMixer.Create(new Augmentation(), Sample, Classes, Count));

    [TestMethod]
    [DataRow(4)]
    [DataRow(5)]
    public void CutoutIsASquareAroundAUniformPixelClippedAtTheBorder(int side)
    {
        const int Draws = 8_000, Height = 8, Width = 10;
        int[] cleared = new int[Height * Width];
        for (int i = 0; i < Draws; i++)
        {
            CounterRandom random = new SampleKey(1, 2, i).Draws(RandomStreams.Cutout);
            Box box = Box.Draw(ref random, side, side, Height, Width);
            for (int p = 0; p < cleared.Length; p++)
            {
                (int row, int column) = (p / Width, p % Width);
                bool inside = row >= box.Top && row < box.Bottom && column >= box.Left && column < box.Right;
                cleared[p] += inside ? 1 : 0;
            }
        }
        for (int p = 0; p < cleared.Length; p++)
        {
            // A pixel goes when the centre is one of those whose square covers it and that lie on
            // the image.
            int rows =
                Enumerable.Range(0, Height).Count(c => c - side / 2 <= p / Width && p / Width < c - side / 2 + side);
            int columns =
                Enumerable.Range(0, Width).Count(c => c - side / 2 <= p % Width && p % Width < c - side / 2 + side);
            double share = (double)rows * columns / (Height * Width);
            Assert.AreEqual(
                share, (double)cleared[p] / Draws, 5 * Math.Sqrt(share * (1 - share) / Draws), $"pixel {p}");
        }
    }

    // No two pixels alike, no target alike, so that everything can be traced.
    private static (float[] Pixels, float[] Targets) Batch()
    {
        float[] targets = new float[Count * Classes];
        for (int i = 0; i < Count; i++)
        {
            targets[i * Classes + i] = 1;
        }
        return ([.. Enumerable.Range(0, Count * (int)Sample.Count).Select(i => 1f + i)], targets);
    }

    private static void Mix(Augmentation augmentation, float[] pixels, float[] targets, int index)
    {
        CounterRandom random = new SampleKey(9, 0, index).Draws(RandomStreams.Mixing);
        BatchMixer.Create(augmentation, Sample, Classes, Count)!.Mix(pixels, default, targets, Count, ref random);
    }

    private static float[] Row(float[] rows, int i) => rows[(i * rows.Length / Count)..((i + 1) * rows.Length / Count)];
}
