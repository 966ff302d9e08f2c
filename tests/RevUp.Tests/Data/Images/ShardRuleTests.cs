using System.Formats.Tar;

namespace RevUp.Tests.Data.Images;

/// <summary>Which members of a shard make a sample, and what is said of the others.</summary>
[TestClass]
public sealed class ShardRuleTests : FolderTest
{
    private static readonly Shape s_sample = new(1, 6, 6, 3);

    [TestMethod]
    public void SamplesDoNotDependOnTheOrderOfMembers()
    {
        (string, string?)[] members =
        [
            ("cat/0.png", null), ("cat/1.png", null), ("dog/2.png", null), ("dog/0.cls", "5"), ("cat/0.cls", "7"),
            ("cat/1.cls", "6"), ("dog/2.cls", "5"),
            ("cat/0.json", "{}"), ("dog/0.png", null),
        ];
        string[] expected = ["7 cat/0.png", "6 cat/1.png", "5 dog/2.png", "5 dog/0.png"];
        foreach (
            (string, string?)[] order in new[] { members, [.. members.Reverse()], [.. members
                .OrderBy(m => m.Item1[^3..]).ThenBy(m => m.Item1)] })
        {
            using TemporaryFolder folder = new();
            ImageFiles.WriteShard(folder["0.tar"], order);
            using WebDataset images = WebDataset.Open(folder.Path, s_sample);
            CollectionAssert.AreEquivalent(expected, Samples(images));
            CollectionAssert.AreEqual(new[] { "5", "6", "7" }, images.Classes.ToArray());
            Assert.IsFalse(images.Findings.Any(finding => finding.IsProblem));
        }
    }

    [TestMethod]
    public void TheExtensionIsEverythingAfterTheFirstDot()
    {
        ImageFiles.WriteShard(
            Folder["0.tar"], ("a/0.seg.png", null), ("a/0.jpg", null), ("a/0.mask.jpg", null), ("a.b/1.PNG", null));
        using WebDataset images = WebDataset.Open(Folder.Path, s_sample);
        CollectionAssert.AreEqual(new[] { "a a/0.jpg", "a.b a.b/1.PNG" }, Samples(images));
        CollectionAssert.AreEqual(ImageFiles.Expected(1), ImageFiles.Read(images, 0));
        Assert.AreEqual(2, Only(images, "member of another extension", isProblem: false).Count);
    }

    [TestMethod]
    [DataRow("a/0.png=|a/0.png=|b/1.png=", "member with the name of an earlier one of its shard", "a/0.png")]
    [DataRow("a/0.png=|./a/0.png=|b/1.png=", "member with the name of an earlier one of its shard", "a/0.png")]
    [DataRow("a/0.png=|a/0.jpg=|b/1.png=", "second image of a key", "a/0.jpg")]
    [DataRow("0.png=|0.cls=1|1.cls=0|2.cls=3|2.png=", "label without an image", "1.cls")]
    [DataRow("0.png=|0.cls=1|a/1.png=|2.png=|2.cls=3", "image without a label, where others have one", "a/1.png")]
    [DataRow("a/0.png=|a/p.1.png=|b/2.png=", "image without a key of its own", "a/p.1.png")]
    [DataRow("a/0.png=|a/1.webp=x|b/2.png=", "image that is neither JPEG nor PNG", "a/1.webp")]
    public void WhatMightHaveBeenASampleIsNamedAndStopsTraining(string members, string what, string name)
    {
        (string, string?)[] pairs = [.. members.Split('|').Select(member => member.Split('='))
            .Select(pair => (pair[0], pair[1].Length == 0 ? null : pair[1]))];
        ImageFiles.WriteShard(Folder["train/0.tar"], pairs);
        ImageFiles.WriteShard(Folder["test/0.tar"], pairs);
        using WebDataset images = WebDataset.Open(Folder["train"], s_sample);
        Assert.AreEqual(2, images.Count);
        DataFinding finding = Only(images, what, isProblem: true);
        Assert.AreEqual($"{Folder["train/0.tar"]}:{name}", finding.Examples.Single());

        DataSettings settings = new()
        {
            Dataset = DatasetKind.WebDataset,
            Path = Folder.Path,
            Extents = [6, 6],
            Classes = images.Classes.Count,
        };
        Assert.Refuses<DataFileException>(
            () => Datasets.Open(settings, DatasetSplit.Train), what, "set data.allowSkipped=true");
        using ImageDataset allowed = Datasets.Open(settings with { AllowSkipped = true }, DatasetSplit.Test);
        Assert.AreEqual(2, allowed.Count);
    }

    [TestMethod]
    public void LinksWithinAShardAreFollowedAndOthersNamed()
    {
        WriteLinks(Folder["0.tar"]);
        using WebDataset images = WebDataset.Open(Folder.Path, s_sample);
        CollectionAssert.AreEqual(new[] { "4 a/0.png", "4 a/1.png", "9 b/2.png" }, Samples(images));
        CollectionAssert.AreEqual(ImageFiles.Read(images, 0), ImageFiles.Read(images, 1));
        CollectionAssert.AreEqual(ImageFiles.Read(images, 0), ImageFiles.Read(images, 2));
        Assert.Contains(
            "a/3.png -> absent.png", Only(images, "link to what is not in the shard", isProblem: true).Examples[0]);
    }

    [TestMethod]
    public void BytesBehindTheEndAreNamed()
    {
        ImageFiles.WriteShard(Folder["a.tar"], ("a/0.png", null));
        ImageFiles.WriteShard(Folder["b.tar"], ("b/1.png", null));
        byte[] first = File.ReadAllBytes(Folder["a.tar"]);
        File.WriteAllBytes(Folder["a.tar"], [.. first, .. File.ReadAllBytes(Folder["b.tar"])]);
        File.Delete(Folder["b.tar"]);
        using WebDataset images = WebDataset.Open(Folder.Path, s_sample);
        Assert.AreEqual(1, images.Count);
        Assert.AreEqual(
            $"{Folder["a.tar"]}, from byte {first.Length} on",
            Only(images, "bytes behind the end", isProblem: true).Examples[0]);
        File.WriteAllBytes(Folder["a.tar"], [.. first, .. new byte[20_480]]);
        using WebDataset padded = WebDataset.Open(Folder.Path, s_sample);
        Assert.IsEmpty(padded.Findings);
    }

    [TestMethod]
    public void SideFilesAreSkippedAndCounted()
    {
        ImageFiles.WriteShard(
            Folder["0.tar"], ("./._0.png", "side"), ("./0.png", null), ("./._0.cls", "\0\u0005\u0016\u0007"),
            ("./0.cls", "1"), (".DS_Store", "x"), ("__MACOSX/._1.png", "x"), ("a/Thumbs.db", "x"));
        File.WriteAllText(Folder["._0.tar"], "side");
        using WebDataset images = WebDataset.Open(Folder.Path, s_sample);
        CollectionAssert.AreEqual(new[] { "1 0.png" }, Samples(images));
        Assert.AreEqual(5, Only(images, "hidden or side file", isProblem: false).Count);
    }

    [TestMethod]
    [DataRow("0.tar")]
    [DataRow("0.tar.gz")]
    [DataRow("0.TGZ")]
    public void ACompressedShardIsReadWhateverItsName(string name)
    {
        ImageFiles.WriteShard(Folder["x"], ("a/0.png", null), ("b/1.png", null));
        File.WriteAllBytes(Folder[name], Gzip.Compress(File.ReadAllBytes(Folder["x"])));
        using WebDataset images = WebDataset.Open(Folder.Path, s_sample);
        CollectionAssert.AreEqual(ImageFiles.Expected(1), ImageFiles.Read(images, 1));
        CollectionAssert.AreEqual(new[] { "a", "b" }, images.Classes.ToArray());
    }

    [TestMethod]
    public void ShardsOfImageNetAreClassesAlsoInsideAShard()
    {
        ImageFiles.WriteShard(Folder["flat/n01443537.tar"], ("n01443537_1.png", null));
        ImageFiles.WriteShard(Folder["flat/n01440764.tar"], ("n01440764_1.png", null), ("n01440764_2.png", null));
        using WebDataset flat = WebDataset.Open(Folder["flat"], s_sample);
        CollectionAssert.AreEqual(new[] { "n01440764", "n01443537" }, flat.Classes.ToArray());
        Assert.AreEqual((0, 0, 1), (flat.Label(0), flat.Label(1), flat.Label(2)));

        Directory.CreateDirectory(Folder["nested"]);
        using (TarWriter writer = new(File.Create(Folder["nested/train.tar"]), TarEntryFormat.Ustar))
        {
            writer.WriteEntry(Folder["flat/n01440764.tar"], "n01440764.tar");
            writer.WriteEntry(Folder["flat/n01443537.tar"], "n01443537.tar");
        }
        using WebDataset nested = WebDataset.Open(Folder["nested"], s_sample);
        CollectionAssert.AreEqual(flat.Classes.ToArray(), nested.Classes.ToArray());
        CollectionAssert.AreEqual(ImageFiles.Expected(1), ImageFiles.Read(nested, 1));
        CollectionAssert.AreEqual(ImageFiles.Expected(0), ImageFiles.Read(nested, 2));
        Assert.IsEmpty(nested.Findings);
    }

    [TestMethod]
    [DataRow("classes.txt")]
    [DataRow("train/classes.txt")]
    public void NamesOfTheTrainingSetAreThoseOfEveryPart(string place)
    {
        ImageFiles.WriteShard(Folder["train/0.tar"], ("0.png", null), ("0.cls", "0"), ("1.png", null), ("1.cls", "1"));
        ImageFiles.WriteShard(Folder["val/0.tar"], ("0.png", null), ("0.cls", "1"));
        File.WriteAllText(Folder[place], "zebra\nant\n");
        using WebDataset train = WebDataset.Open(Folder.Path, DatasetSplit.Train, s_sample);
        using WebDataset test = WebDataset.Open(Folder.Path, DatasetSplit.Validation, s_sample);
        using WebDataset alone = WebDataset.Open(Folder["val"], s_sample);
        foreach (WebDataset part in new[] { train, test, alone })
        {
            CollectionAssert.AreEqual(new[] { "zebra", "ant" }, part.Classes.ToArray());
        }
        Assert.AreEqual((1, 1), (test.Label(0), alone.Label(0)));
    }

    /// <summary>Control sequences of terminals are never written to one.</summary>
    [TestMethod]
    public void ALabelIsShownWithoutItsControlCharacters()
    {
        ImageFiles.WriteShard(Folder["0.tar"], ("0.png", null), ("0.cls", "\u001B[2J\u0007"));
        string message = Assert.ThrowsExactly<DataFileException>(() => WebDataset.Open(Folder.Path, s_sample)).Message;
        Assert.Contains(@"'\x1B[2J\x07'", message);
        Assert.IsFalse(message.Any(char.IsControl));
    }

    /// <summary>More shards than may be open at once.</summary>
    [TestMethod]
    public void ManyShardsAreReadWithFewOpen()
    {
        for (int shard = 0; shard < 200; shard++)
        {
            ImageFiles.WriteShard(Folder[$"{shard:D3}.tar"], ($"{shard % 2}/0.png", null));
        }
        using WebDataset images = WebDataset.Open(Folder.Path, s_sample);
        Parallel.For(0, 4, worker =>
        {
            for (int i = 0; i < 200; i++)
            {
                CollectionAssert.AreEqual(
                    ImageFiles.Expected(0), ImageFiles.Read(images, (i * 37 + worker * 50) % 200));
            }
        });
        int open = Directory.GetFiles("/proc/self/fd").Count(
            link => File.ResolveLinkTarget(link, false)?.FullName.StartsWith(Folder.Path) ?? false);
        Assert.IsLessThanOrEqualTo(64, open);
    }

    private static void WriteLinks(string path)
    {
        using TarWriter writer = new(File.Create(path), TarEntryFormat.Pax);
        writer.WriteEntry(RegularFile("a/0.png", ImageFiles.Png(0, 6, 6)));
        writer.WriteEntry(RegularFile("a/0.cls", Encoding.ASCII.GetBytes("4")));
        writer.WriteEntry(new PaxTarEntry(TarEntryType.HardLink, "a/1.png") { LinkName = "a/0.png" });
        writer.WriteEntry(new PaxTarEntry(TarEntryType.HardLink, "a/1.cls") { LinkName = "a/0.cls" });
        writer.WriteEntry(new PaxTarEntry(TarEntryType.SymbolicLink, "b/2.png") { LinkName = "../a/1.png" });
        writer.WriteEntry(RegularFile("b/2.cls", Encoding.ASCII.GetBytes("9")));
        writer.WriteEntry(new PaxTarEntry(TarEntryType.SymbolicLink, "a/3.png") { LinkName = "absent.png" });
    }

    private static PaxTarEntry RegularFile(string name, byte[] content) =>
        new(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(content) };

    private static string[] Samples(WebDataset images) => [.. Enumerable.Range(0, images.Count)
        .Select(index => (Class: images.Classes[images.Label(index)], Name: images.Name(index)))
        .Select(image => $"{image.Class} {image.Name[(image.Name.IndexOf(':') + 1)..]}")];

    private static DataFinding Only(WebDataset images, string what, bool isProblem)
    {
        DataFinding finding = images.Findings.First(finding => finding.What.StartsWith(what, StringComparison.Ordinal));
        Assert.AreEqual(isProblem, finding.IsProblem);
        return finding;
    }
}
