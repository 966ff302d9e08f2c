using System.Buffers.Binary;

namespace RevUp.Interop.Tests.Image;

/// <summary>
/// Data that is not what it claims to be is refused with the reason; superfluous bytes are not a
/// reason.
/// </summary>
[TestClass]
internal sealed class DamagedImageTests
{
    private const int Height = 48;
    private const int Width = 64;

    private static readonly ImageRegion s_whole = new(0, 0, Width, Height);
    private static readonly byte[] s_baseline = Jpeg(progressive: false);
    private static readonly byte[] s_progressive = Jpeg(progressive: true);
    private static readonly byte[] s_png = Png(interlaced: false);
    private static readonly byte[] s_interlaced = Png(interlaced: true);

    private static IEnumerable<object[]> Files => [[s_baseline], [s_progressive], [s_png], [s_interlaced]];

    [TestMethod]
    [DynamicData(nameof(Files))]
    internal void DataThatEndsEarlyIsRefusedWhereverItEnds(byte[] file)
    {
        using ImageDecoder decoder = new();
        // The last bytes are the end marker of a JPEG, and checksum and end chunk of a PNG, which
        // nobody needs for the pixels.
        for (int length = 0; length < file.Length - 24; length += 1 + (length / 40))
        {
            ImageFormatException exception = Assert.ThrowsExactly<ImageFormatException>(
                () => decoder.Decode(file[..length], s_whole, Height, Width, 3), $"{length} of {file.Length} bytes");
            Assert.IsGreaterThan(10, exception.Message.Length);
            Assert.DoesNotContain('\n', exception.Message);
        }
    }

    [TestMethod]
    [DynamicData(nameof(Files))]
    internal void BytesBehindTheEndPass(byte[] file) =>
        CollectionAssert.AreEqual(
            Decoding.DecodeOnce(file, s_whole, 20, 30, 3),
            Decoding.DecodeOnce([.. file, .. new byte[1000]], s_whole, 20, 30, 3));

    [TestMethod]
    internal void ExtraneousBytesBeforeAMarkerPass()
    {
        byte[] stuffed = [.. s_baseline[..^2], 1, 2, 3, .. s_baseline[^2..]];
        byte[] between = [.. s_baseline[..2], 7, 7, .. s_baseline[2..]];

        CollectionAssert.AreEqual(
            Decoding.DecodeOnce(s_baseline, s_whole, 20, 30, 3), Decoding.DecodeOnce(stuffed, s_whole, 20, 30, 3));
        StringAssert.Contains(Decoding.Refusal(between), "FF D8 07 07", "what does not start like a JPEG is none");
    }

    [TestMethod]
    [DataRow(new byte[0], "its length is 0")]
    [DataRow(
        new byte[] { 0x47, 0x49, 0x46, 0x38, 0x39, 0x61, 1, 0, 1, 0 },
        "starts with 47 49 46 38 39 61 01 00, but a JPEG starts with FF D8 FF and a PNG with 89 50")]
    [DataRow(new byte[] { 0xFF, 0xD8, 0xFF }, "JPEG data cannot be decoded: Premature end")]
    [DataRow(
        new byte[] { 0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0 },
        "PNG data ends before the image does, after 9 bytes")]
    internal void WhatIsNoImageIsNamed(byte[] file, string reason)
    {
        StringAssert.Contains(Decoding.Refusal(file), reason);
        StringAssert.Contains(
            Assert.ThrowsExactly<ImageFormatException>(() => ImageDecoder.Inspect(file)).Message, reason);
    }

    /// <summary>
    /// A decoder that kept libjpeg's tables from one image to the next would make pixels of this
    /// file, depending on what came before.
    /// </summary>
    [TestMethod]
    internal void TablesOfAnotherImageAreNotUsed()
    {
        byte[] tableless = JpegSegments.Without(s_baseline, JpegSegments.QuantizationTables);
        using ImageDecoder decoder = new();
        decoder.Decode(s_baseline, s_whole, Height, Width, 3);

        StringAssert.Contains(
            Assert.ThrowsExactly<ImageFormatException>(
                () => decoder.Decode(tableless, s_whole, Height, Width, 3)).Message, "Quantization table");
    }

    [TestMethod]
    internal void AHeaderAboveTheLimitsIsRefused()
    {
        StringAssert.Contains(Decoding.Refusal(JpegSegments.Resized(s_baseline, 65501, 100)), "65500");
        StringAssert.Contains(
            Decoding.Refusal(JpegSegments.Resized(s_baseline, 65500, 65500)),
            "the image has 65500x65500 pixels; the limits are");
        StringAssert.Contains(Decoding.Refusal(JpegSegments.Resized(s_baseline, 0, 100)), "Empty JPEG image");
        StringAssert.Contains(Decoding.Refusal(Resized(s_png, 65501, 100)), "100x65501 pixels; the limits are 65500");
        StringAssert.Contains(
            Decoding.Refusal(Resized(s_png, 65000, 65000)), "the image has 65000x65000 pixels; the limits are");
    }

    [TestMethod]
    [DynamicData(nameof(Files))]
    internal void MorePixelsThanTheDataCanHoldAreRefusedBeforeMemoryIsTaken(byte[] file)
    {
        byte[] oversized = file[0] == 0xFF ? JpegSegments.Resized(file, 16000, 16000) : Resized(file, 16000, 16000);

        string refusal = Decoding.Refusal(oversized);

        StringAssert.Contains(refusal, $"announces 16000x16000 pixels, more than {file.Length} bytes can hold");
    }

    /// <summary>
    /// Every scan costs a pass over the image, and one of a few bytes can refine all of it.
    /// </summary>
    [TestMethod]
    internal void EndlessScansAreRefused()
    {
        int start = JpegSegments.Find(s_progressive, JpegSegments.Scan);
        int end =
            start + 2 + s_progressive.AsSpan(start + 2).IndexOf((ReadOnlySpan<byte>)[0xFF, JpegSegments.HuffmanTables]);
        byte[] Repeated(int times) =>
            [
                .. s_progressive[..end],
                .. Enumerable.Repeat(s_progressive[start..end], times).SelectMany(bytes => bytes),
                .. s_progressive[end..],
            ];

        CollectionAssert.AreEqual(
            Decoding.DecodeOnce(s_progressive, s_whole, 8, 8, 3), Decoding.DecodeOnce(Repeated(50), s_whole, 8, 8, 3));
        Assert.AreEqual("the JPEG data has more than 100 scans", Decoding.Refusal(Repeated(100)));
    }

    [TestMethod]
    internal void AWrongChecksumIsRefused()
    {
        byte[] file = [.. s_png];
        file[^13] ^= 1; // the last byte before the last chunk, which takes 12

        StringAssert.Contains(Decoding.Refusal(file, s_whole), "CRC error");
    }

    /// <summary>
    /// Text and profiles may be compressed a thousandfold; a decoder that does not look at them
    /// cannot be hurt by them.
    /// </summary>
    [TestMethod]
    internal void ChunksThatPixelsDoNotNeedAreNotRead()
    {
        byte[] text = new byte[12 + 4000];
        BinaryPrimitives.WriteInt32BigEndian(text, 4000);
        "zTXtk\0\0not deflated"u8.CopyTo(text.AsSpan(4));
        PngWriter.Seal(text, 0);
        byte[] file = [.. s_png[..33], .. text, .. s_png[33..]];

        CollectionAssert.AreEqual(
            Decoding.DecodeOnce(s_png, s_whole, 9, 9, 3), Decoding.DecodeOnce(file, s_whole, 9, 9, 3));
    }

    private static byte[] Resized(byte[] png, int height, int width)
    {
        byte[] file = [.. png];
        BinaryPrimitives.WriteInt32BigEndian(file.AsSpan(16), width);
        BinaryPrimitives.WriteInt32BigEndian(file.AsSpan(20), height);
        PngWriter.Seal(file, 8);
        return file;
    }

    private static byte[] Jpeg(bool progressive) =>
        TurboJpeg.Encode(TestImages.Photo(Height, Width, 3), TurboSampling.Yuv420, progressive);

    private static byte[] Png(bool interlaced) => PngWriter.Write(TestImages.Photo(Height, Width, 3), interlaced);
}
