namespace RevUp.Tests.Data.Dense;

/// <summary>nnU-Net's folders whose cases are PNGs.</summary>
[TestClass]
public sealed class PictureCasesTests
{
    private const int Width = 7;
    private const int Height = 5;

    private static int Number(int i) => i % 3;

    [TestMethod]
    public void ColoursInOneFileOrAChannelEachAreTheSameCase()
    {
        using TemporaryFolder joined = new(), split = new();
        Write(joined, "a", channelEach: false);
        Write(split, "a", channelEach: true);
        SourceCase[] read = [.. new[] { joined, split }.Select(folder =>
        {
            SegmentationFolder cases = SegmentationFolder.Read(folder.Path);
            Assert.AreEqual("a", cases.Cases.Single().Name);
            return SourceCase.Read(cases.Cases[0], 3, cases.Labels);
        })];
        Assert.AreEqual(new VolumeExtents(1, Height, Width, 3), read[0].Grid.Extents);
        CollectionAssert.AreEqual(read[0].Pixels, read[1].Pixels);
        for (int i = 0; i < Width * Height; i++)
        {
            Assert.AreEqual(Number(i), read[0].Labels![i]);
            Assert.AreEqual((float)ImageFiles.Value(1, i % Width, i / Width, 2), read[0].Pixels[3 * i + 2]);
        }
    }

    [TestMethod]
    public void GreyOfSixteenBitsAndPalettesOfLabelsAreExact()
    {
        using TemporaryFolder folder = new();
        Describe(folder, """{"0": "phase"}""");
        ushort[] values = [.. Enumerable.Range(0, Width * Height).Select(i => (ushort)(1801 * i))];
        ushort[] numbers = [.. values.Select((_, i) => (ushort)Number(i))];
        byte[] palette = [.. Enumerable.Range(0, 768).Select(i => (byte)(7 * i))];
        WriteFile(folder["imagesTr/a_0000.png"], PngWriter.Write(values, Height, Width, PngColor.Grey, 16));
        WriteFile(
            folder["labelsTr/a.png"],
            PngWriter.Write(numbers, Height, Width, PngColor.Palette, 8, interlaced: false, palette));
        SegmentationFolder read = SegmentationFolder.Read(folder.Path);
        SourceCase source = SourceCase.Read(read.Cases[0], 1, read.Labels);
        CollectionAssert.AreEqual(values.Select(value => (float)value).ToArray(), source.Pixels);
        CollectionAssert.AreEqual(numbers, source.Labels);
    }

    [TestMethod]
    [DataRow("size", "the file has 1 × 5 × 6 × 1 voxels, and the image")]
    [DataRow("colours", "a label map has one number a pixel: grey or a palette; save the mask as a grey or palette PNG")]
    [DataRow("value", "has the value 9, and the classes have 0, 1, 2")]
    [DataRow("channels", "the case 'a' has 1 channels, and the dataset has 3; correct its file")]
    [DataRow("both", "the file has 3 channels, and the case 'a' has a_0001.png too")]
    public void WhatDoesNotFitIsNamed(string fault, string message)
    {
        using TemporaryFolder folder = new();
        Write(folder, "a", channelEach: false);
        string map = folder["labelsTr/a.png"];
        switch (fault)
        {
            case "size":
                WriteFile(map, PngWriter.Write(new ushort[30], 5, 6, PngColor.Grey, 8));
                break;
            case "colours":
                WriteFile(map, ImageFiles.Png(1, Width, Height));
                break;
            case "value":
                WriteFile(map, PngWriter.Write(
                    [.. Enumerable.Repeat((ushort)9, Width * Height)], Height, Width, PngColor.Grey, 8));
                break;
            case "both":
                WriteFile(folder["imagesTr/a_0001.png"], ImageFiles.Png(1, Width, Height));
                break;
            default:
                WriteFile(
                    folder["imagesTr/a_0000.png"],
                    PngWriter.Write(new ushort[Width * Height], Height, Width, PngColor.Grey, 8));
                break;
        }
        SegmentationFolder read = SegmentationFolder.Read(folder.Path);
        Assert.Contains(message, Assert.ThrowsExactly<DataFileException>(
            () => SourceCase.Read(read.Cases[0], 3, read.Labels)).Message);
    }

    [TestMethod]
    [DataRow(".tif")]
    [DataRow(".nrrd")]
    public void OtherEndingsAreRefused(string ending)
    {
        using TemporaryFolder folder = new();
        Write(folder, "a", channelEach: false);
        File.WriteAllText(folder["dataset.json"], $$"""{"file_ending": "{{ending}}"}""");
        Assert.Contains(
            $"its cases end in '{ending}', and cases are read from .nii.gz, .nii or .png: convert them",
            Assert.ThrowsExactly<DataFileException>(() => SegmentationFolder.Read(folder.Path)).Message);
    }

    [TestMethod]
    public void APreparationNormalisesEveryPictureAndKeepsItsPixels()
    {
        using TemporaryFolder folder = new();
        Write(folder, "a", channelEach: true);
        Write(folder, "b", channelEach: true);
        CasePreparer.Prepare(
            SegmentationFolder.Read(folder.Path), folder["out"], [], isSingle: true, (_, _) => { }, default);
        using PreparedCases cases = PreparedCases.Open(folder["out"], "train");
        Assert.AreEqual(new Shape(1, 1, Height, Width, 3), cases.Extents(1));
        using DenseReader reader = cases.OpenReader();
        float[] pixels = new float[Width * Height * 3];
        ushort[] labels = new ushort[Width * Height];
        reader.Read(1, [0, 0, 0], cases.Extents(1), pixels, labels);
        for (int channel = 0; channel < 3; channel++)
        {
            int own = channel;
            Assert.AreEqual(0.0, Enumerable.Range(0, labels.Length).Average(i => pixels[3 * i + own]), 1e-5);
        }
        CollectionAssert.AreEqual(labels.Select((_, i) => (ushort)Number(i)).ToArray(), labels);
    }

    [TestMethod]
    public void ANetworkOfVolumesIsNotForPictures()
    {
        using TemporaryFolder folder = new();
        Write(folder, "a", channelEach: false);
        Write(folder, "b", channelEach: false);
        DataSettings settings = RecipeCatalog.Load("segment-3d", [$"data.path={folder.Path}"]).Data;
        Assert.AreEqual(3, settings.Channels);
        ConfigurationException refused = Assert.ThrowsExactly<ConfigurationException>(
            () => Datasets.Open(settings with { ValidationSamples = 1 }, DatasetSplit.Train));
        Assert.Contains("data.extents is [32, 32, 32], but all cases in", refused.Message);
        Assert.Contains("--recipe segment-2d --set data.dataset=segmentationFolder", refused.Message);
    }

    /// <summary>Writes a case and the description.</summary>
    internal static void Write(TemporaryFolder folder, string name, bool channelEach)
    {
        Describe(folder, """{"0": "R", "1": "G", "2": "B"}""");
        for (int channel = 0; channelEach && channel < 3; channel++)
        {
            int own = channel;
            ushort[] values =
            [
                .. Enumerable.Range(0, Width * Height).Select(
                    i => (ushort)ImageFiles.Value(1, i % Width, i / Width, own)),
            ];
            WriteFile(
                folder[$"imagesTr/{name}_{channel:0000}.png"],
                PngWriter.Write(values, Height, Width, PngColor.Grey, 8));
        }
        if (!channelEach)
        {
            WriteFile(folder[$"imagesTr/{name}_0000.png"], ImageFiles.Png(1, Width, Height));
        }
        ushort[] numbers = [.. Enumerable.Range(0, Width * Height).Select(i => (ushort)Number(i))];
        WriteFile(folder[$"labelsTr/{name}.png"], PngWriter.Write(numbers, Height, Width, PngColor.Grey, 8));
    }

    private static void Describe(TemporaryFolder folder, string channels) => File.WriteAllText(
        folder["dataset.json"],
        $$"""
        {"channel_names": {{channels}}, "labels": {"background": 0, "disc": 1, "core": 2}, "file_ending": ".png"}
        """);

    private static void WriteFile(string path, byte[] bytes)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, bytes);
    }
}
