using System.Formats.Tar;
using RevUp.Data.Preparation;

namespace RevUp.Tests.Support;

/// <summary>
/// A format to damage: a whole file of it, what stands beside it in its folder, and how it is read,
/// all of it.
/// </summary>
/// <param name="Name">In messages.</param>
/// <param name="File">The name that the file must have to be read.</param>
/// <param name="Whole">The file.</param>
/// <param name="Read">Opens and reads the file at a path.</param>
internal sealed record FuzzedFormat(string Name, string File, byte[] Whole, Action<string> Read)
{
    private static readonly Shape s_image = new(1, 6, 6, 3);
    private static readonly Shape s_volume = new(1, 2, 3, 4, 2);

    /// <summary>
    /// Every format except encoded images, which have their own tests, and checkpoints, which have
    /// checksums.
    /// </summary>
    public static IReadOnlyList<FuzzedFormat> All { get; } =
    [
        new("IDX", "images", Idx(), path => IdxFile.Read(path, rank: 3)),
        new("IDX in gzip", "images.gz", Gzip.Compress(Idx()), path => IdxFile.Read(path, rank: 3)),
        new(
            "IDX in two members",
            "images.gz",
            [.. Gzip.Compress(Idx().AsSpan(0, 99)), .. Gzip.Compress(Idx().AsSpan(99))],
            path => IdxFile.Read(path, rank: 3)),
        new(
            "EMNIST's mapping",
            "mapping.txt",
            "1 65 97\n2 66 98\n3 67 99\n"u8.ToArray(),
            path => IdxMapping.Read(path)),
        new("CIFAR-10, python", "test_batch", CifarPickles.Batch("labels", [1, 2, 9], python3: true), ReadCifar)
        {
            Beside = folder => System.IO.File.WriteAllBytes(
                folder["batches.meta"], CifarPickles.Names("label_names", 10, python3: false)),
        },
        new(
            "CIFAR-10's names, python",
            "batches.meta",
            CifarPickles.Names("label_names", 10, python3: false),
            ReadCifar)
        {
            Beside = folder => System.IO.File.WriteAllBytes(folder["test_batch"], new byte[3073]),
        },
        new("CIFAR-10", "test_batch.bin", Noise(4 * 3073, below: 10), ReadCifar)
        {
            Beside = folder =>
                System.IO.File.WriteAllLines(
                    folder["batches.meta.txt"], Enumerable.Range(0, 10).Select(i => $"class {i}")),
        },
        new("CIFAR-10's names", "batches.meta.txt", "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\n"u8.ToArray(), ReadCifar)
        {
            Beside = folder => System.IO.File.WriteAllBytes(folder["test_batch.bin"], new byte[3073]),
        },
        new("tar, pax", "0.tar", Shard(), ReadShards) { Reseal = TarSeal.SealAll },
        new("tar, checksums damaged too", "0.tar", Shard(), ReadShards),
        new("tar in gzip", "0.tar.gz", Gzip.Compress(Shard()), ReadShards),
        new("tar in a tar", "0.tar", ShardOfShards(), ReadShards) { Reseal = TarSeal.SealAll },
        new("tar's names", "classes.txt", "ant\nbee\ncat\n"u8.ToArray(), ReadShards)
        {
            Beside = folder => System.IO.File.WriteAllBytes(folder["0.tar"], Shard()),
            NamesOthers = true,
        },
        new("NIfTI", "v.nii", NiftiFiles.Create(VoxelType.Int16, bigEndian: false, channels: 2), ReadVolume),
        new(
            "NIfTI, big-endian", "v.nii", NiftiFiles.Create(VoxelType.Float64, bigEndian: true, channels: 2),
            ReadVolume),
        new(
            "NIfTI in gzip", "v.nii.gz",
            Gzip.Compress(NiftiFiles.Create(VoxelType.Int16, bigEndian: false, channels: 2)), ReadVolume),
        new("NIfTI-2", "v2.nii", NiftiFiles.CreateVersion2(VoxelType.Int64, bigEndian: true), ReadAnyVolume),
        new("NIfTI, oriented", "v.nii", NiftiFiles.CreateOriented(4, 3, 2, 0, 0, 3, 0, -1, 0, -2, 0, 0), ReadAnyVolume),
        new("NIfTI, header of a pair", "v.hdr", PairHeader(), ReadAnyVolume)
        {
            Beside = folder => System.IO.File.WriteAllBytes(folder["v.img"], new byte[24]),
            NamesOthers = true,
        },
        new("raw volume", "v.raw", Noise(48), ReadVolume) { HasHeader = false },
        new("raw volume in gzip", "v.raw.gz", Gzip.Compress(Noise(48)), ReadVolume),
        new("list of volumes", "train.csv", "file,label\na.nii,sick\nb.nii,well\n"u8.ToArray(), ReadList)
        {
            Beside = folder => Array.ForEach(
                ["a.nii", "b.nii"],
                name => System.IO.File.WriteAllBytes(
                    folder[name], NiftiFiles.Create(VoxelType.UInt8, bigEndian: false, channels: 2))),
            NamesOthers = true,
        },
        new("MATLAB table", "meta.mat", MatFiles.Synsets(("1", "n01"), ("2", "n02"), ("3", "n03")), ReadImageNetLabels)
        {
            Beside = folder => System.IO.File.WriteAllText(folder[ImageNetLabels.DevkitList], "2\n1\n3\n3\n"),
            NamesOthers = true,
        },
        new("ImageNet's devkit", "devkit.tar.gz", Gzip.Compress(Devkit()), path => ImageNetLabels.Read(path)),
        new(
            "ImageNet's classes, CSV",
            ImageNetLabels.KaggleList,
            "ImageId,PredictionString\n1,n01 1 2 3 4\n2,n02 5 6 7 8\n\"3\",\"n01 9 9 9 9\"\n"u8.ToArray(),
            ReadImageNet)
        {
            Beside = folder => ImageFiles.WriteFolder(
                folder.Path, "train/n01/1.png", "train/n02/1.png", "val/1.png", "val/2.png", "val/3.png"),
            NamesOthers = true,
        },
        new(
            "Tiny ImageNet's classes",
            "val/val_annotations.txt",
            "1.png\tn01\t0\t0\t5\t5\n2.png\tn02\t0\t0\t5\t5\n"u8.ToArray(),
            path => ImageFolder.Open(Folder(Folder(path)), DatasetSplit.Validation, s_image).Dispose())
        {
            Beside = folder => ImageFiles.WriteFolder(
                folder.Path, "train/n01/1.png", "train/n02/1.png", "val/images/1.png", "val/images/2.png"),
            NamesOthers = true,
        },
        new("safetensors", "model.safetensors", Safetensors(), ReadTensors),
        new("weights as PyTorch writes them", "pt.safetensors", PyTorchWeights(), ReadWeights),
        .. FuzzedCases.All,
    ];

    /// <summary>Writes the files that it is read with.</summary>
    public Action<TemporaryFolder> Beside { get; init; } = _ => { };

    /// <summary>
    /// Makes checksums right again, without which a reader would look no further than at these.
    /// </summary>
    public Action<byte[]> Reseal { get; init; } = _ => { };

    /// <summary>
    /// Whether it names files or classes, so that an error may be about one that does not exist.
    /// </summary>
    public bool NamesOthers { get; init; }

    /// <summary>Whether it begins with anything but its content.</summary>
    public bool HasHeader { get; init; } = true;

    public override string ToString() => Name;

    /// <summary>A safetensors file of five tensors.</summary>
    public static byte[] Safetensors()
    {
        using TemporaryFolder folder = new();
        SafetensorsTensor[] tensors = [.. Enumerable.Range(0, 5).Select(
            i => new SafetensorsTensor($"blocks.{i}.weight", SafetensorsType.U8, 3, i + 1))];
        using (SafetensorsWriter writer = new(folder["x"], tensors, new Dictionary<string, string> { ["step"] = "3" }))
        {
            foreach (SafetensorsTensor tensor in tensors)
            {
                writer.Write<byte>(tensor.Name, Noise(3 * (int)tensor.Shape[1]));
            }
            writer.Complete();
        }
        return System.IO.File.ReadAllBytes(folder["x"]);
    }

    private static string Folder(string path) => Path.GetDirectoryName(path)!;

    // Seven images of 13 × 17.
    private static byte[] Idx() => [0, 0, 8, 3, 0, 0, 0, 7, 0, 0, 0, 13, 0, 0, 0, 17, .. Noise(7 * 13 * 17)];

    // Labels in members and in folders; a name that takes an extended header.
    private static byte[] Shard()
    {
        using TemporaryFolder folder = new();
        string longName = $"{new string('d', 120)}/bee/{new string('f', 120)}.png";
        ImageFiles.WriteShard(folder["0.tar"], ("ant/0.png", null), ("1.png", null), ("1.cls", "2"), (longName, null));
        return System.IO.File.ReadAllBytes(folder["0.tar"]);
    }

    // As ImageNet's training archive: a shard for each class.
    private static byte[] ShardOfShards()
    {
        using TemporaryFolder folder = new();
        using (TarWriter writer = new(System.IO.File.Create(folder["0.tar"]), TarEntryFormat.Pax))
        {
            foreach (string name in (string[])["ant", "bee"])
            {
                ImageFiles.WriteShard(folder[$"{name}.tar"], ("1.png", null), ("2.png", null));
                writer.WriteEntry(folder[$"{name}.tar"], $"{name}.tar");
            }
        }
        return System.IO.File.ReadAllBytes(folder["0.tar"]);
    }

    private static byte[] Devkit()
    {
        using TemporaryFolder folder = new();
        System.IO.File.WriteAllBytes(folder["meta.mat"], MatFiles.Synsets(("1", "n01"), ("2", "n02")));
        System.IO.File.WriteAllText(folder["list"], "2\n1\n1\n");
        using (TarWriter writer = new(System.IO.File.Create(folder["devkit.tar"]), TarEntryFormat.Ustar))
        {
            writer.WriteEntry(folder["meta.mat"], "data/meta.mat");
            writer.WriteEntry(folder["list"], $"data/{ImageNetLabels.DevkitList}");
        }
        return System.IO.File.ReadAllBytes(folder["devkit.tar"]);
    }

    // Without metadata, channels first, in two precisions.
    private static byte[] PyTorchWeights()
    {
        using TemporaryFolder folder = new();
        using SmallTraining training = new();
        training.Net.SaveWeights(folder["first"], channelsFirst: true);
        using SafetensorsReader reader = new(folder["first"]);
        SafetensorsTensor[] tensors = [.. reader.Tensors.Select((tensor, i) => new SafetensorsTensor(
            tensor.Name, i % 2 == 0 ? SafetensorsType.F16 : SafetensorsType.F32, tensor.Shape))];
        using (SafetensorsWriter writer = new(folder["pt"], tensors, new Dictionary<string, string>()))
        {
            foreach (SafetensorsTensor tensor in tensors)
            {
                float[] values = new float[reader.Find(tensor.Name)!.ByteCount / sizeof(float)];
                reader.Read(tensor.Name, values.AsSpan());
                if (tensor.Type == SafetensorsType.F16)
                {
                    writer.Write<Half>(tensor.Name, [.. values.Select(value => (Half)value)]);
                }
                else
                {
                    writer.Write<float>(tensor.Name, values);
                }
            }
            writer.Complete();
        }
        return System.IO.File.ReadAllBytes(folder["pt"]);
    }

    private static void ReadWeights(string path)
    {
        using SmallTraining training = new();
        training.Net.LoadWeights(path);
        Assert.IsTrue(training.State().All(float.IsFinite));
    }

    private static void ReadImageNet(string path)
    {
        foreach (ShardPart part in ImageNet.Open(Folder(path)))
        {
            part.Dataset.Dispose();
        }
    }

    private static void ReadCifar(string path) => CifarDataset.OpenCifar10(Folder(path), DatasetSplit.Test);

    private static void ReadShards(string path)
    {
        string names = Path.Combine(Folder(path), "classes.txt");
        if (!System.IO.File.Exists(names))
        {
            System.IO.File.WriteAllText(names, "ant\nbee\ncat\n");
        }
        using WebDataset images = WebDataset.Open(Folder(path), s_image);
        for (int index = 0; index < images.Count; index++)
        {
            Assert.HasCount(108, ImageFiles.Read(images, index));
        }
    }

    private static void ReadVolume(string path)
    {
        float[] values = new float[s_volume.Count];
        new VolumeFile(s_volume, VoxelType.UInt8).Read(path, values);
        Assert.IsTrue(values.All(float.IsFinite));
    }

    private static void ReadImageNetLabels(string path) =>
        ImageNetLabels.Read(Path.Combine(Folder(path), ImageNetLabels.DevkitList));

    private static void ReadAnyVolume(string path) => VolumeFile.Verify(path);

    private static byte[] PairHeader()
    {
        byte[] file = NiftiFiles.Create(VoxelType.UInt8, bigEndian: false);
        "ni1\0"u8.CopyTo(file.AsSpan(344));
        NiftiFiles.WriteFloats(file, 108, 0);
        return file[..348];
    }

    private static void ReadList(string path)
    {
        using VolumeDataset volumes = VolumeDataset.Open(Folder(path), DatasetSplit.Train, s_volume);
        for (int index = 0; index < volumes.Count; index++)
        {
            ImageFiles.Read(volumes, index);
        }
    }

    private static void ReadTensors(string path)
    {
        using SafetensorsReader reader = new(path);
        foreach (SafetensorsTensor tensor in reader.Tensors.Where(tensor => tensor.Type == SafetensorsType.U8))
        {
            reader.Read<byte>(tensor.Name, new byte[tensor.ByteCount]);
        }
    }

    private static byte[] Noise(int length, int below = 256)
    {
        Random random = new(length);
        return [.. Enumerable.Range(0, length).Select(_ => (byte)random.Next(below))];
    }
}
