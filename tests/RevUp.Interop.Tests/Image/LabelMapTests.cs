namespace RevUp.Interop.Tests.Image;

/// <summary>Label maps: the numbers that a PNG stores, and what is no label map.</summary>
[TestClass]
internal sealed unsafe class LabelMapTests
{
    private const int Height = 5;
    private const int Width = 11;

    [TestMethod]
    [DataRow(PngColor.Grey, 1, false)]
    [DataRow(PngColor.Grey, 2, true)]
    [DataRow(PngColor.Grey, 4, false)]
    [DataRow(PngColor.Grey, 8, true)]
    [DataRow(PngColor.Grey, 16, false)]
    [DataRow(PngColor.Grey, 16, true)]
    [DataRow(PngColor.Palette, 1, true)]
    [DataRow(PngColor.Palette, 4, false)]
    [DataRow(PngColor.Palette, 8, false)]
    internal void NumbersAreExact(PngColor color, int depth, bool interlaced)
    {
        int most = (1 << depth) - 1;
        ushort[] numbers = [.. Enumerable.Range(0, Height * Width).Select(i => (ushort)(i * 1237 & most))];
        byte[]? palette = color == PngColor.Palette ? new byte[3 << depth] : null;
        ushort[] labels = new ushort[numbers.Length];

        ImageDecoder.DecodeLabels(
            PngWriter.Write(numbers, Height, Width, color, depth, interlaced, palette), Height, Width, labels);

        CollectionAssert.AreEqual(numbers, labels);
    }

    [TestMethod]
    internal void WhatIsNoLabelMapIsRefused()
    {
        byte[] jpeg = TurboJpeg.Encode(TestImages.Photo(8, 8, 1), TurboSampling.Yuv420);
        byte[] colour = PngWriter.Write(TestImages.Photo(8, 8, 3)), grey = PngWriter.Write(TestImages.Photo(8, 8, 1));

        StringAssert.Contains(Refused<ImageFormatException>(jpeg, 8, 8), "a label map is a PNG");
        StringAssert.Contains(Refused<ImageFormatException>(colour, 8, 8), "the image has colours or alpha");
        StringAssert.Contains(
            Refused<ImageFormatException>(grey[..^30], 8, 8), "the PNG data ends before the image does");
        StringAssert.Contains(Refused<NativeException>(grey, 4, 8), "the image has 8x8 pixels, not 8x4");
        StringAssert.Contains(
            Assert.ThrowsExactly<ArgumentException>(
                () => ImageDecoder.DecodeLabels(grey, 8, 8, new ushort[63])).Message,
            "labels has 63 numbers; 8x8 pixels need 64");
        fixed (byte* data = grey)
        {
            ushort* labels = stackalloc ushort[64];
            Assert.AreEqual(ImageStatus.InvalidArgument, ImageLibrary.DecodeLabels(data, grey.Length, 8, 8, null));
            Assert.AreEqual(ImageStatus.InvalidArgument, ImageLibrary.DecodeLabels(null, 8, 8, 8, labels));
            Assert.AreEqual(ImageStatus.InvalidArgument, ImageLibrary.DecodeLabels(data, -1, 8, 8, labels));
            Assert.AreEqual(ImageStatus.InvalidArgument, ImageLibrary.DecodeLabels(data, grey.Length, 0, 8, labels));
        }
    }

    [TestMethod]
    internal void DamageIsReadOrNamed()
    {
        byte[] whole = PngWriter.Write(TestImages.Photo(16, 16, 1));
        Random random = new(5);
        ushort[] labels = new ushort[256];
        int refused = 0;
        for (int i = 0; i < 300; i++)
        {
            byte[] file = Damage.Of(whole, random, i);
            PngWriter.SealAll(file);
            try
            {
                ImageInfo info = ImageDecoder.Inspect(file);
                if (info is { Height: 16, Width: 16 })
                {
                    ImageDecoder.DecodeLabels(file, 16, 16, labels);
                }
            }
            catch (ImageFormatException)
            {
                refused++;
            }
        }

        Assert.IsGreaterThan(60, refused);
    }

    private static string Refused<T>(byte[] bytes, int height, int width) where T : Exception =>
        Assert.ThrowsExactly<T>(
            () => ImageDecoder.DecodeLabels(bytes, height, width, new ushort[height * width])).Message;
}
