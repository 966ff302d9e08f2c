namespace RevUp.Tests.Data.Dense;

/// <summary>Images with masks, in CamVid's layout.</summary>
[TestClass]
public sealed class MaskFolderTests
{
    private static readonly byte[] s_colors = [.. Enumerable.Range(0, 768).Select(i => (byte)(7 * i))];

    private static int Number(int x, int y) => (x + 2 * y) % 4;

    [TestMethod]
    [DataRow(false, 8, false)]
    [DataRow(false, 16, true)]
    [DataRow(false, 2, false)]
    [DataRow(true, 8, true)]
    [DataRow(true, 4, false)]
    public void NumbersOfMasksAreReadExactly(bool hasPalette, int depth, bool interlaced)
    {
        using TemporaryFolder folder = new();
        PngColor color = hasPalette ? PngColor.Palette : PngColor.Grey;
        Write(folder, "train", "a", 7, 5, color, depth, interlaced);
        using MaskFolder cases = MaskFolder.Open(folder.Path, DatasetSplit.Train, channels: 3, classes: 3, ignored: 3);
        Assert.AreEqual(new Shape(1, 5, 7, 3), cases.Extents(0));
        float[] pixels = new float[3 * 4 * 3];
        ushort[] labels = new ushort[12];
        using DenseReader reader = cases.OpenReader();
        reader.Read(0, [1, 2], new Shape(1, 3, 4, 3), pixels, labels);
        for (int i = 0; i < 12; i++)
        {
            (int x, int y) = (i % 4 + 2, i / 4 + 1);
            Assert.AreEqual(Number(x, y) == 3 ? VoxelLabels.Ignored : (ushort)Number(x, y), labels[i]);
            for (int channel = 0; channel < 3; channel++)
            {
                Assert.AreEqual(ImageFiles.Value(1, x, y, channel) / 255f, pixels[3 * i + channel], 1e-7f);
            }
        }
    }

    [TestMethod]
    public void WhatDoesNotFitIsNamed()
    {
        using TemporaryFolder folder = new();
        Write(folder, "train", "a", 7, 5);
        Write(folder, "train", "b", 7, 5);
        File.WriteAllBytes(folder["train/b.png"], ImageFiles.Png(1, 6, 5));
        Write(folder, "train", "c", 7, 5);
        File.WriteAllBytes(folder["trainannot/c.png"], ImageFiles.Png(1, 7, 5));
        Assert.Contains("position 3 has the value 3, and the classes have 0, 1, 2; the ignored one is 255", Refused(0));
        Assert.Contains("the mask has 7 × 5 pixels, and its image", Refused(1));
        Assert.Contains("the image has colours or alpha", Refused(2));
        File.Delete(folder["trainannot/a.png"]);
        using MaskFolder left = Open();
        Assert.AreEqual("image without a mask", left.Findings.Single().What);

        MaskFolder Open() => MaskFolder.Open(folder.Path, DatasetSplit.Train, channels: 3, classes: 3, ignored: 255);

        string Refused(int index)
        {
            using MaskFolder cases = Open();
            using DenseReader reader = cases.OpenReader();
            return Assert.ThrowsExactly<DataFileException>(
                () => reader.Read(index, [0, 0], new Shape(1, 2, 2, 3), [], new ushort[4])).Message;
        }
    }

    [TestMethod]
    [DataRow(3, 3)]
    [DataRow(255, 4)]
    public void TheNumbersInTheMasksGiveTheClasses(int ignored, int classes)
    {
        using TemporaryFolder folder = new();
        Write(folder, "train", "a", 8, 6);
        Assert.AreEqual(classes, MaskFolder.CountClasses(folder.Path, ignored));
        File.WriteAllText(folder["classes.txt"], "a\nb\n");
        Assert.AreEqual(2, MaskFolder.CountClasses(folder.Path, ignored), "classes.txt goes first");
    }

    /// <summary>Numbers that are no classes, or another dataset's 'not labelled'.</summary>
    [TestMethod]
    [DataRow(new[] { 0, 255 }, 11, "have the numbers 0, 255 alone; number the classes 0, 1, 2 and on")]
    [DataRow(new[] { 0, 255 }, 255, "no class but 0 and 255, which does not count (data.dense.ignoredLabel)")]
    [DataRow(new[] { 0, 1, 2, 3 }, 2, "numbers up to 3, and 2 among them does not count (data.dense.ignoredLabel)")]
    [DataRow(new[] { 0, 1, 2, 3 }, 0, null)]
    public void NumbersThatAreNoClassesAreExplained(int[] numbers, int ignored, string? message)
    {
        using TemporaryFolder folder = new();
        Write(folder, "train", "a", 8, 6);
        ushort[] mask = [.. Enumerable.Range(0, 48).Select(i => (ushort)numbers[i % numbers.Length])];
        File.WriteAllBytes(folder["trainannot/a.png"], PngWriter.Write(mask, 6, 8, PngColor.Grey, 8));
        if (message is null)
        {
            Assert.AreEqual(4, MaskFolder.CountClasses(folder.Path, ignored));
            return;
        }
        Assert.Contains(message, Assert.ThrowsExactly<DataFileException>(
            () => MaskFolder.CountClasses(folder.Path, ignored)).Message);
    }

    [TestMethod]
    public void AFolderOfAnotherLayoutNamesIt()
    {
        using TemporaryFolder folder = new();
        Write(folder, "train", "a", 8, 6);
        Assert.Contains("it holds images with masks; set data.dataset=maskFolder", Assert.ThrowsExactly<
            DataFileException>(() => SegmentationFolder.Read(folder.Path)).Message);
        File.Move(folder["trainannot/a.png"], folder["trainannot/a.jpg"]);
        Assert.Contains("No other format is read as a mask; JPEG changes its numbers", Refused());
        Directory.Move(folder["trainannot"], folder["imagesTr"]);
        Assert.Contains("set data.dataset=segmentationFolder, or use --recipe segment-3d", Refused());

        string Refused() => Assert.ThrowsExactly<DataFileException>(() => MaskFolder.Open(
            folder.Path, DatasetSplit.Train, channels: 3, classes: 3, ignored: 255)).Message;
    }

    [TestMethod]
    public void ARecipeOpensItsPartsAndMeasuresItsChannels()
    {
        using TemporaryFolder folder = new();
        foreach (string part in new[] { "train", "val", "test" })
        {
            Write(folder, part, "a", 12, 9);
            Write(folder, part, "b", 9, 12);
        }
        Assert.AreEqual(DatasetKind.MaskFolder, DatasetLayout.Recognize(folder.Path));
        DataSettings settings = new()
        {
            Dataset = DatasetKind.MaskFolder,
            Path = folder.Path,
            Extents = [8, 8],
            Classes = 3,
            Dense = new() { IgnoredLabel = 3 },
        };
        Assert.IsTrue(Datasets.Has(settings, DatasetSplit.Validation) && Datasets.Has(settings, DatasetSplit.Test));
        using ImageDataset train = Datasets.Open(settings, DatasetSplit.Train);
        Assert.AreEqual(2, train.Count);
        ChannelNormalization normalization = Datasets.Normalization(settings, train);
        double[] red = [.. Enumerable.Range(0, 108).SelectMany(i => new[]
        {
            ImageFiles.Value(1, i % 12, i / 12, 0) / 255.0, ImageFiles.Value(1, i % 9, i / 9, 0) / 255.0,
        })];
        Assert.AreEqual(red.Average(), normalization.Mean[0], 1e-6);
        ConfigurationException classes = Assert.ThrowsExactly<ConfigurationException>(() =>
        {
            File.WriteAllText(folder["classes.txt"], "sky\nroad\n");
            Datasets.Open(settings, DatasetSplit.Train);
        });
        Assert.Contains("data.classes is 3, but the data in", classes.Message);
        Assert.Contains("(sky, road)", classes.Message);
    }

    internal static void Write(
        TemporaryFolder folder, string part, string name, int width, int height, PngColor color = PngColor.Grey,
        int depth = 8, bool interlaced = false)
    {
        Directory.CreateDirectory(folder[part]);
        Directory.CreateDirectory(folder[part + "annot"]);
        File.WriteAllBytes(folder[$"{part}/{name}.png"], ImageFiles.Png(1, width, height));
        ushort[] numbers = [.. Enumerable.Range(0, width * height).Select(i => (ushort)Number(i % width, i / width))];
        byte[]? palette = color == PngColor.Palette ? s_colors[..(3 << depth)] : null;
        File.WriteAllBytes(
            folder[$"{part}annot/{name}.png"],
            PngWriter.Write(numbers, height, width, color, depth, interlaced, palette));
    }
}
