using System.Formats.Tar;
using System.IO.Compression;

namespace RevUp.Tests.Cli;

/// <summary>
/// ImageNet as it is downloaded: archives and folders, with each of the lists of classes.
/// </summary>
[TestClass]
public sealed class DataPrepareTests : FolderTest
{
    private static readonly Shape s_sample = new(1, 6, 6, 3);

    [TestMethod]
    [DataRow(false, "kaggle")]
    [DataRow(true, "kaggle")]
    [DataRow(false, "devkit")]
    [DataRow(true, "unpacked devkit")]
    [DataRow(false, "csv")]
    public void BothPartsArePackedWithOneNumbering(bool archives, string labels)
    {
        WriteTrain(Folder, archives);
        WriteVal(Folder, archives);
        string list = WriteLabels(Folder, labels);
        string[] option = labels == "csv" ? ["--labels", list] : [];
        ToolResult result = Tool.Succeed(["data", "prepare", "imagenet", Folder["source"], Folder["out"], .. option]);
        Assert.Contains("6 images in 2 shards", result.Output);
        using WebDataset train = WebDataset.Open(Folder["out"], RevUp.Data.DatasetSplit.Train, s_sample);
        using WebDataset val = WebDataset.Open(Folder["out"], RevUp.Data.DatasetSplit.Validation, s_sample);
        CollectionAssert.AreEqual(new[] { "n01440764", "n01443537" }, train.Classes.ToArray());
        CollectionAssert.AreEqual(train.Classes.ToArray(), val.Classes.ToArray());
        string[] expected = ["0 ILSVRC2012_val_00000003", "1 ILSVRC2012_val_00000001", "1 ILSVRC2012_val_00000002"];
        CollectionAssert.AreEquivalent(expected, Samples(val));
        Assert.Contains("1 n01443537_9", Samples(train));
    }

    [TestMethod]
    public void WhatIsMissingIsNamed()
    {
        Directory.CreateDirectory(Folder["source"]);
        Assert.Contains("neither ILSVRC2012_img_train.tar nor a folder 'train'", Refusal(Folder));
        WriteTrain(Folder, archives: false);
        Assert.Contains("neither ILSVRC2012_img_val.tar nor a folder 'val'", Refusal(Folder));
        WriteVal(Folder, archives: false);
        Assert.Contains("name one with --labels", Refusal(Folder));
        Assert.Contains("revup data prepare imagenet", Tool.Run("data", "info", Folder["source"]).LastError);
        File.WriteAllText(
            Folder["source/LOC_val_solution.csv"],
            "ImageId,PredictionString\nILSVRC2012_val_00000001,n01443537 1 2 3 4\n");
        Assert.Contains("does not name the class of ILSVRC2012_val_00000002.JPEG", Refusal(Folder));
        File.WriteAllText(
            Folder["source/LOC_val_solution.csv"],
            "ImageId,PredictionString\n" + string.Concat(Enumerable.Range(1, 3)
                .Select(i => $"ILSVRC2012_val_0000000{i},n9\n")));
        Assert.Contains("the class 'n9' is not one of the 2", Refusal(Folder));
        Assert.IsFalse(Directory.Exists(Folder["out"]));
    }

    private static string Refusal(TemporaryFolder folder) =>
        Tool.Run("data", "prepare", "imagenet", folder["source"], folder["out"]).LastError;

    private static void WriteTrain(TemporaryFolder folder, bool archives)
    {
        string place = archives ? "inner" : "source/train";
        ImageFiles.WriteShard(folder[$"{place}/n01443537.tar"], ("n01443537_9.png", null));
        ImageFiles.WriteShard(folder[$"{place}/n01440764.tar"], ("n01440764_1.png", null), ("n01440764_2.png", null));
        if (archives)
        {
            Directory.CreateDirectory(folder["source"]);
            using TarWriter writer = new(File.Create(folder["source/ILSVRC2012_img_train.tar"]), TarEntryFormat.Ustar);
            writer.WriteEntry(folder["inner/n01443537.tar"], "n01443537.tar");
            writer.WriteEntry(folder["inner/n01440764.tar"], "n01440764.tar");
        }
    }

    private static void WriteVal(TemporaryFolder folder, bool archives)
    {
        string[] names = [.. Enumerable.Range(1, 3).Select(i => $"ILSVRC2012_val_0000000{i}.JPEG")];
        if (archives)
        {
            ImageFiles.WriteShard(
                folder["source/ILSVRC2012_img_val.tar"], [.. names.Select(name => (name, (string?)null))]);
        }
        else
        {
            ImageFiles.WriteFolder(folder["source/val"], names);
        }
    }

    // Images 1 and 2 show the second class, image 3 the first.
    private static string WriteLabels(TemporaryFolder folder, string kind)
    {
        const string Truth = "77\n77\n490\n";
        byte[] meta = MatFiles.Synsets(("490", "n01440764"), ("77", "n01443537"), ("3", "n00000003"));
        switch (kind)
        {
            case "kaggle":
                return Write(
                    "source/LOC_val_solution.csv",
                    "ImageId,PredictionString\r\nILSVRC2012_val_00000003,n01440764 1 2 3 4 n01440764 5 6 7 8\r\n"
                    + "ILSVRC2012_val_00000001,n01443537 1 2 3 4\r\nILSVRC2012_val_00000002,n01443537 1 2 3 4\r\n");
            case "csv":
                return Write(
                    "labels.csv",
                    "ILSVRC2012_val_00000001.JPEG,n01443537\nILSVRC2012_val_00000002.JPEG,n01443537\n"
            + "ILSVRC2012_val_00000003.JPEG,n01440764\n");
            case "devkit":
                using (
                    GZipStream gzip =
                        new(File.Create(folder["source/ILSVRC2012_devkit_t12.tar.gz"]), CompressionLevel.Fastest))
                using (TarWriter writer = new(gzip, TarEntryFormat.Ustar))
                {
                    Add(
                        writer,
                        "ILSVRC2012_devkit_t12/data/ILSVRC2012_validation_ground_truth.txt",
                        Encoding.ASCII.GetBytes(Truth));
                    Add(writer, "ILSVRC2012_devkit_t12/data/meta.mat", meta);
                }
                return "";
            default:
                Directory.CreateDirectory(folder["source/ILSVRC2012_devkit_t12/data"]);
                File.WriteAllBytes(folder["source/ILSVRC2012_devkit_t12/data/meta.mat"], meta);
                return Write("source/ILSVRC2012_devkit_t12/data/ILSVRC2012_validation_ground_truth.txt", Truth);
        }

        string Write(string name, string text)
        {
            File.WriteAllText(folder[name], text);
            return folder[name];
        }

        static void Add(TarWriter writer, string name, byte[] content) =>
            writer.WriteEntry(
                new UstarTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(content) });
    }

    private static string[] Samples(WebDataset images) => [.. Enumerable.Range(0, images.Count)
        .Select(index => $"{images.Label(index)} {Path.GetFileNameWithoutExtension(images.Name(index))}")];
}
