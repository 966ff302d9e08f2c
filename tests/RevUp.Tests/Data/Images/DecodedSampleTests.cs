namespace RevUp.Tests.Data.Images;

/// <summary>Decoded images that are kept in memory.</summary>
[TestClass]
public sealed class DecodedSampleTests
{
    private const int Count = 6;
    private static readonly Shape Sample = new(1, 4, 4, 3);

    /// <summary>
    /// The files are gone after the first epoch: the second has the same bytes all the same.
    /// </summary>
    [TestMethod]
    public void AnImageIsDecodedOnce()
    {
        using TemporaryFolder folder = Images();
        using ImageFolder images = ImageFolder.Open(folder.Path, Sample);
        float[][] first = ReadAll(images, new Augmentation { Flip = true });
        Directory.Delete(folder["a"], recursive: true);
        float[][] second = ReadAll(images, new Augmentation { Flip = true });
        for (int i = 0; i < Count; i++)
        {
            CollectionAssert.AreEqual(first[i], second[i]);
        }
        Assert.ThrowsExactly<DataFileException>(
            () => ReadAll(images, new Augmentation { Resize = 5 }), "another framing");
    }

    [TestMethod]
    [DataRow(0L)]
    [DataRow((Count * 48L) - 1)]
    public void WhatDoesNotFitIsNotKept(long bytes)
    {
        using TemporaryFolder folder = Images();
        using ImageFolder images = ImageFolder.Open(folder.Path, Sample);
        images.CacheBytes = bytes;
        ReadAll(images, new Augmentation());
        Directory.Delete(folder["a"], recursive: true);
        Assert.ThrowsExactly<DataFileException>(() => ReadAll(images, new Augmentation()));
    }

    [TestMethod]
    public void WhatIsCutOutAtRandomIsNotKept()
    {
        using TemporaryFolder folder = Images();
        using ImageFolder images = ImageFolder.Open(folder.Path, Sample);
        Augmentation random = new() { RandomResizedCrop = new() };
        ReadAll(images, random);
        Directory.Delete(folder["a"], recursive: true);
        Assert.ThrowsExactly<DataFileException>(() => ReadAll(images, random));
    }

    [TestMethod]
    public void TheBudgetIsSetBeforeTheFirstReaderAndByTheRecipe()
    {
        using TemporaryFolder folder = Images();
        using ImageFolder images = ImageFolder.Open(folder.Path, Sample);
        Assert.AreEqual(1L << 30, images.CacheBytes);
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => images.CacheBytes = -1);
        images.OpenReader().Dispose();
        Assert.ThrowsExactly<InvalidOperationException>(() => images.CacheBytes = 0);

        DataSettings settings = new()
        {
            Dataset = DatasetKind.ImageFolder,
            Path = folder.Path,
            Extents = [4, 4],
            CacheBytes = -1,
        };
        Assert.Refuses<ConfigurationException>(settings.Validate, "data.cacheBytes is -1");
    }

    private static TemporaryFolder Images()
    {
        TemporaryFolder folder = new();
        ImageFiles.WriteFolder(folder["a"], [.. Enumerable.Range(0, Count - 1).Select(i => $"{i}.png")]);
        ImageFiles.WriteFolder(folder["b"], "5.png");
        return folder;
    }

    private static float[][] ReadAll(ImageFolder images, Augmentation augmentation) =>
        [.. Enumerable.Range(0, Count).Select(i => ImageFiles.Read(images, i, augmentation))];
}
