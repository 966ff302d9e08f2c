using RevUp.Data.Transforms;

namespace RevUp.Tests.Data.Transforms;

[TestClass]
public sealed class PadCropFlipTests
{
    [TestMethod]
    [DataRow(5, 7, 0)]
    [DataRow(5, 7, 1)]
    [DataRow(6, 5, 4)]
    public void EveryCropAndFlipEqualsTheNaiveImplementation(int height, int width, int padding)
    {
        SyntheticDataset dataset = SyntheticDataset.Create(2, new Shape(1, height, width, 3), 2, seed: 9);
        var actual = new byte[height * width * 3];
        for (int top = 0; top <= 2 * padding; top++)
        {
            for (int left = 0; left <= 2 * padding; left++)
            {
                foreach (bool flip in new[] { false, true })
                {
                    Array.Fill(actual, (byte)77);
                    new PadCropFlip(top, left, flip).Write(dataset.Pixels(1), height, width, 3, padding, actual);
                    CollectionAssert.AreEqual(
                        Naive(dataset, 1, padding, top, left, flip), actual, $"top {top}, left {left}, flip {flip}");
                }
            }
        }
    }

    [TestMethod]
    public void OffsetsAreUniformAndIndependentAndHalfOfTheImagesAreFlipped()
    {
        const int Draws = 81_000, Padding = 4;
        var offsets = new int[9, 9];
        int flips = 0;
        for (int index = 0; index < Draws; index++)
        {
            var random = new SampleKey(1, Epoch: 2, index).Draws(RandomStreams.PadCropFlip);
            PadCropFlip crop = PadCropFlip.Draw(ref random, Padding, flip: true);
            offsets[crop.Top, crop.Left]++;
            flips += crop.Flip ? 1 : 0;
        }

        double chiSquare = offsets.Cast<int>().Sum(count => Math.Pow(count - Draws / 81.0, 2) / (Draws / 81.0));
        // 80 degrees of freedom, mean plus five standard deviations
        Assert.IsLessThan(80 + 5 * Math.Sqrt(2 * 80.0), chiSquare);
        Assert.IsLessThan(5 * Math.Sqrt(Draws) / 2, Math.Abs(flips - Draws / 2.0));
    }

    [TestMethod]
    public void AnAlternatingFlipMirrorsHalfOfTheImagesAndTheOthersInTheNextEpoch()
    {
        const int Samples = 4000;
        Augmentation alternating = new() { Padding = 4, Flip = true, AlternatingFlip = true };
        int flips = 0;
        for (int index = 0; index < Samples; index++)
        {
            PadCropFlip first = Draw(0), second = Draw(1), third = Draw(2);
            flips += first.Flip ? 1 : 0;
            Assert.AreEqual((!first.Flip, first.Flip), (second.Flip, third.Flip));
            PadCropFlip fair = PadCropFlip.Draw(
                new SampleKey(1, Epoch: 2, index), 4, alternating with { AlternatingFlip = false });
            Assert.AreEqual((third.Top, third.Left), (fair.Top, fair.Left));

            PadCropFlip Draw(int epoch) => PadCropFlip.Draw(new SampleKey(1, epoch, index), 4, alternating);
        }
        Assert.IsLessThan(5 * Math.Sqrt(Samples) / 2, Math.Abs(flips - Samples / 2.0));
    }

    [TestMethod]
    public void WithoutAugmentationNothingIsDrawn()
    {
        var random = new CounterRandom(1, 2, 3);
        Assert.AreEqual(new PadCropFlip(0, 0, false), PadCropFlip.Draw(ref random, padding: 0, flip: false));
        Assert.AreEqual(new CounterRandom(1, 2, 3).NextUInt64(), random.NextUInt64());
    }

    // Pads, crops and mirrors one after the other, each in a copy of its own.
    private static byte[] Naive(MemoryDataset dataset, int index, int padding, int top, int left, bool flip)
    {
        (int height, int width) = (dataset.Sample.Extent(0), dataset.Sample.Extent(1));
        var padded = new byte[height + 2 * padding, width + 2 * padding, 3];
        var result = new byte[height * width * 3];
        ReadOnlySpan<byte> pixels = dataset.Pixels(index);
        for (int i = 0; i < pixels.Length; i++)
        {
            padded[i / 3 / width + padding, i / 3 % width + padding, i % 3] = pixels[i];
        }

        for (int i = 0; i < result.Length; i++)
        {
            int x = i / 3 % width, channel = i % 3;
            result[i] = padded[top + i / 3 / width, left + (flip ? width - 1 - x : x), channel];
        }

        return result;
    }
}
