namespace RevUp.Interop.Tests.Image;

/// <summary>
/// The decoder as an object: its arguments, its threads, what it allocates and what the ABI does
/// with nonsense.
/// </summary>
[TestClass]
internal sealed unsafe class DecoderTests
{
    private static readonly byte[] s_jpeg = TurboJpeg.Encode(TestImages.Photo(300, 400, 3), TurboSampling.Yuv420);
    private static readonly byte[] s_png = PngWriter.Write(TestImages.Photo(30, 40, 3));

    [TestMethod]
    internal void TheLibraryHasTheExpectedVersion() =>
        Assert.AreEqual(ImageLibrary.ExpectedAbiVersion, ImageLibrary.AbiVersion());

    [TestMethod]
    [DataRow(-1, 0, 10, 10)]
    [DataRow(0, -1, 10, 10)]
    [DataRow(0, 0, 0, 10)]
    [DataRow(0, 0, 10, 0)]
    [DataRow(31, 0, 10, 10)]
    [DataRow(0, 21, 10, 10)]
    [DataRow(int.MaxValue, 0, int.MaxValue, 1)]
    internal void ARegionOutsideTheImageIsAMistakeOfTheCaller(int left, int top, int width, int height)
    {
        NativeException exception = Assert.ThrowsExactly<NativeException>(
            () => Decoding.DecodeOnce(s_png, new ImageRegion(left, top, width, height), 4, 4, 3));

        Assert.AreEqual("ImageLibrary.Decode", exception.Call);
        Assert.AreEqual(ImageStatus.InvalidArgument, exception.Status);
        StringAssert.Contains(
            exception.Message,
            $"region has left {left}, top {top}, width {width} and height {height}; it must have pixels and lie");
    }

    [TestMethod]
    internal void ABufferOfAnotherSizeIsRefused()
    {
        using ImageDecoder decoder = new();

        StringAssert.Contains(
            Assert.ThrowsExactly<ArgumentException>(
                () => decoder.Decode(s_png, new ImageRegion(0, 0, 9, 9), 4, 5, 3, new byte[59])).Message,
            "pixels has 59 bytes; 4x5 pixels of 3 channels need 60");
    }

    [TestMethod]
    internal void EveryBadArgumentOfTheAbiIsNamed()
    {
        byte* data = stackalloc byte[8];
        ImageInfo info;
        ImageRegion region = new(0, 0, 1, 1);
        nint created;
        ImageLibrary.DecoderCreate(&created).Check();
        using ImageDecoder decoder = new();

        AssertNamed("decoder", ImageLibrary.DecoderCreate(null));
        AssertNamed("bytes", ImageLibrary.Inspect(null, 8, &info));
        AssertNamed("length", ImageLibrary.Inspect(data, -1, &info));
        AssertNamed("info", ImageLibrary.Inspect(data, 8, null));
        AssertNamed("bytes", ImageLibrary.Decode(decoder, null, 8, &region, 1, 1, 1, data));
        AssertNamed("length", ImageLibrary.Decode(decoder, data, long.MinValue, &region, 1, 1, 1, data));
        AssertNamed("region", ImageLibrary.Decode(decoder, data, 8, null, 1, 1, 1, data));
        AssertNamed("out_height", ImageLibrary.Decode(decoder, data, 8, &region, 0, 1, 1, data));
        AssertNamed("out_width", ImageLibrary.Decode(decoder, data, 8, &region, 1, 65501, 1, data));
        AssertNamed("channels", ImageLibrary.Decode(decoder, data, 8, &region, 1, 1, 2, data));
        AssertNamed("out", ImageLibrary.Decode(decoder, data, 8, &region, 1, 1, 1, null));
        Assert.AreEqual(ImageStatus.Ok, ImageLibrary.DecoderDestroy(created));
        Assert.AreEqual(ImageStatus.Ok, ImageLibrary.DecoderDestroy(0));
    }

    [TestMethod]
    internal void PixelsDependNeitherOnTheThreadNorOnWhatWasDecodedBefore()
    {
        (byte[] File, ImageRegion Region)[] work =
        [
            (s_jpeg, new(10, 20, 333, 222)), (s_png, new(1, 2, 30, 20)), (s_jpeg, new(0, 0, 50, 40)),
            (s_png, new(0, 0, 40, 30)),
            (s_jpeg, new(0, 0, 400, 300)),
        ];
        byte[][] expected = [.. work.Select(item => Decoding.DecodeOnce(item.File, item.Region, 96, 64, 3))];

        Parallel.For(0, 4, thread =>
        {
            using ImageDecoder decoder = new();
            for (int i = 0; i < 40; i++)
            {
                int item = ((i * (thread + 1)) + thread) % work.Length;
                CollectionAssert.AreEqual(
                    expected[item], decoder.Decode(work[item].File, work[item].Region, 96, 64, 3));
            }
        });
    }

    [TestMethod]
    internal void NothingManagedIsAllocated()
    {
        using ImageDecoder decoder = new();
        byte[] pixels = new byte[96 * 96 * 3];
        for (int i = 0; i < 3; i++)
        {
            DecodeBoth(decoder, pixels);
        }

        long before = GC.GetAllocatedBytesForCurrentThread();
        DecodeBoth(decoder, pixels);

        Assert.AreEqual(before, GC.GetAllocatedBytesForCurrentThread());
    }

    private static void DecodeBoth(ImageDecoder decoder, byte[] pixels)
    {
        foreach (byte[] file in (ReadOnlySpan<byte[]>)[s_jpeg, s_png])
        {
            ImageInfo info = ImageDecoder.Inspect(file);
            decoder.Decode(file, new ImageRegion(1, 1, info.Width - 1, info.Height - 1), 96, 96, 3, pixels);
        }
    }

    private static void AssertNamed(string argument, ImageStatus status)
    {
        Assert.AreEqual(ImageStatus.InvalidArgument, status, argument);
        StringAssert.StartsWith(
            new string((sbyte*)ImageLibrary.LastError()), $"{argument} is ", "the message starts with the argument");
    }
}
