namespace RevUp.Tests.Data;

/// <summary>
/// Seeded damage of every sort to the files that are read here: each is read as what it now is, or
/// refused with an error that names it, and never takes memory out of proportion to its length.
/// Images have their own, FuzzedImageTests; benchmarks/results/fuzz.md counts both.
/// </summary>
[TestClass]
public sealed class FuzzedFileTests : FolderTest
{
    // Of each format; benchmarks/results/fuzz.md has a thousand.
    private static readonly int s_cases =
        int.Parse(Environment.GetEnvironmentVariable("REVUP_TEST_FUZZ_CASES") ?? "300");

    // Where headers are, and what is put there: the largest numbers in binary of either order, and
    // in octal digits.
    private const int HeaderLength = 1024;
    private static readonly byte[][] s_largest =
        [[0xFF, 0xFF, 0xFF, 0xFF], [0x7F, 0xFF, 0xFF, 0xFF], [0xFF, 0xFF, 0xFF, 0x7F], "77777777777"u8.ToArray()];

    // Memory that reading takes before data arrives: IDX and streams reserve up to a few megabytes.
    private const long AllowedBytes = 8 << 20;

    private static IEnumerable<object[]> Formats => FuzzedFormat.All.Select(format => new object[] { format.Name });

    private static IEnumerable<object[]> FormatsWithHeaders =>
        FuzzedFormat.All.Where(format => format.HasHeader).Select(format => new object[] { format.Name });

    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    [DynamicData(nameof(Formats))]
    public void DamageIsReadOrNamed(string name)
    {
        FuzzedFormat format = FuzzedFormat.All.Single(format => format.Name == name);
        Random random = new(format.Name.Length);
        byte[][] files = [.. Enumerable.Range(0, s_cases).Select(i => Damage.Of(format.Whole, random, i))];

        int refused = CountRefused(format, files);

        Assert.IsGreaterThan(
            s_cases / 5, refused, $"{format}: {refused} of {s_cases} refused; the damage reaches the reader");
    }

    /// <summary>At every place of a header.</summary>
    [TestMethod]
    [DynamicData(nameof(FormatsWithHeaders))]
    public void NumbersThatAreTooLargeAreReadOrNamed(string name)
    {
        FuzzedFormat format = FuzzedFormat.All.Single(format => format.Name == name);
        int places = Math.Min(HeaderLength, format.Whole.Length);
        byte[][] files =
            [.. Enumerable.Range(0, places).Select(at => Enlarged(format.Whole, at, s_largest[at % s_largest.Length]))];

        Assert.IsGreaterThan(0, CountRefused(format, files));
    }

    /// <summary>
    /// A small file that unfolds to gigabytes, whether or not its header says so.
    /// </summary>
    [TestMethod]
    [DataRow("images.gz", "would unfold to")]
    [DataRow("short.gz", "the file goes on after its 1 elements")]
    [DataRow("v.nii.gz", "the file goes on after")]
    [DataRow("v.raw.gz", "the file goes on after")]
    public void WhatUnfoldsToFarMoreIsRefusedBeforeItDoes(string name, string message)
    {
        byte[] content = new byte[100 << 20];
        byte[] header = name switch
        {
            "images.gz" => [0, 0, 8, 3, 0, 0, 6, 64, 0, 0, 1, 0, 0, 0, 1, 0], // 1600 images of 256 × 256
            "short.gz" => [0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1],
            "v.nii.gz" => NiftiFiles.Create(VoxelType.UInt8, bigEndian: false),
            _ => [],
        };
        header.CopyTo(content, 0);
        File.WriteAllBytes(Folder[name], Gzip.Compress(content));
        Shape sample = new(1, 2, 3, 4, 1);
        float[] values = new float[sample.Count];
        long before = GC.GetAllocatedBytesForCurrentThread();

        string refusal = Assert.ThrowsExactly<DataFileException>(() =>
        {
            if (name.StartsWith('v'))
            {
                new VolumeFile(sample, VoxelType.UInt8).Read(Folder[name], values);
            }
            else
            {
                IdxFile.Read(Folder[name], rank: 3);
            }
        }).Message;

        Assert.IsLessThan(AllowedBytes, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.StartsWith(Folder[name], refusal);
        Assert.Contains(message, refusal);
    }

    /// <summary>A checkpoint has checksums: every change of any of its files is found.</summary>
    [TestMethod]
    public void EveryDamageToACheckpointIsFoundAndNamed()
    {
        CheckpointFolder checkpoints = new(Folder.Path, keep: 1);
        byte[] model = FuzzedFormat.Safetensors();
        CheckpointEntry entry = checkpoints.Save(
            1, place => File.WriteAllBytes(Path.Combine(place, "model.safetensors"), model));
        string path = Path.Combine(entry.Path, "model.safetensors");
        Random random = new(1);

        for (int i = 0; i < s_cases; i++)
        {
            byte[] damaged = Damage.Of(model, random, i);
            File.WriteAllBytes(path, damaged);
            List<string> problems = [];

            CheckpointEntry? latest = checkpoints.Latest(problems);

            Assert.AreEqual(damaged.AsSpan().SequenceEqual(model), latest is not null, $"case {i}");
            Assert.HasCount(latest is null ? 1 : 0, problems);
            Assert.IsTrue(
                problems.All(problem => problem.Contains(entry.Path, StringComparison.Ordinal)),
                string.Join('\n', problems));
        }
    }

    // Reads them all; the whole file first, so that every refusal is for the damage.
    private int CountRefused(FuzzedFormat format, byte[][] files)
    {
        format.Beside(Folder);
        string path = Folder[format.File];
        File.WriteAllBytes(path, format.Whole);
        format.Read(path);
        int refused = 0;
        for (int i = 0; i < files.Length; i++)
        {
            format.Reseal(files[i]);
            File.WriteAllBytes(path, files[i]);
            long before = GC.GetAllocatedBytesForCurrentThread();
            refused += IsRefused(() => format.Read(path), format.NamesOthers ? Folder.Path : path) ? 1 : 0;

            long taken = GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.IsLessThan(AllowedBytes, taken, $"{format}, case {i}");
        }
        TestContext.WriteLine($"{format}: {refused} of {files.Length} refused");
        return refused;
    }

    private static bool IsRefused(Action read, string named)
    {
        try
        {
            read();
            return false;
        }
        catch (Exception exception) when (exception is DataFileException or CheckpointException)
        {
            Assert.Contains(named, exception.Message);
            return true;
        }
    }

    private static byte[] Enlarged(byte[] whole, int at, byte[] number)
    {
        byte[] file = [.. whole];
        number.AsSpan(0, Math.Min(number.Length, file.Length - at)).CopyTo(file.AsSpan(at));
        return file;
    }
}
