using System.IO.Compression;
using RevUp.Data;
using RevUp.Interop.Tests.Support;
using RevUp.Tests.Training.Files;
using RevUp.Training.Files;

namespace RevUp.Tests.Data;

/// <summary>
/// Seeded damage of every sort to the files that are read here: each is read as what it now is, or refused with an error that names it, and never takes memory
/// out of proportion to its length. Images have their own, FuzzedImageTests.
/// </summary>
[TestClass]
public sealed class FuzzedFileTests
{
    private const int Cases = 250;

    // What reading takes for a start, whatever the file: IDX and streams reserve up to a few megabytes before data arrives.
    private const long AllowedBytes = 8 << 20;

    private static IEnumerable<object[]> Formats =>
    [
        ["IDX", Idx(), (Action<string>)(path => IdxFile.Read(path, rank: 3))],
        ["IDX in gzip", Compressed(Idx()), (Action<string>)(path => IdxFile.Read(path, rank: 3))],
        ["safetensors", Safetensors(), (Action<string>)ReadTensors],
    ];

    [TestMethod]
    [DynamicData(nameof(Formats))]
    public void DamageIsReadOrNamed(string format, byte[] whole, Action<string> read)
    {
        using TemporaryFolder folder = new();
        Random random = new(format.Length);
        string path = folder["damaged.bin"];
        File.WriteAllBytes(path, whole);
        read(path);
        int refused = 0;

        for (int i = 0; i < Cases; i++)
        {
            File.WriteAllBytes(path, Damage.Of(whole, random, i));
            long before = GC.GetAllocatedBytesForCurrentThread();
            refused += IsRefused(() => read(path), path) ? 1 : 0;

            long taken = GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.IsLessThan(AllowedBytes, taken, $"{format}, case {i}");
        }

        Assert.IsGreaterThan(Cases / 4, refused, $"{format}: {refused} of {Cases} refused");
    }

    /// <summary>A checkpoint has checksums: every change of any of its files is found.</summary>
    [TestMethod]
    public void EveryDamageToACheckpointIsFoundAndNamed()
    {
        using TemporaryFolder folder = new();
        CheckpointFolder checkpoints = new(folder.Path, keep: 1);
        byte[] model = Safetensors();
        CheckpointEntry entry = checkpoints.Save(1, place => File.WriteAllBytes(Path.Combine(place, "model.safetensors"), model));
        string path = Path.Combine(entry.Path, "model.safetensors");
        Random random = new(1);

        for (int i = 0; i < Cases; i++)
        {
            byte[] damaged = Damage.Of(model, random, i);
            File.WriteAllBytes(path, damaged);
            List<string> problems = [];

            CheckpointEntry? latest = checkpoints.Latest(problems);

            Assert.AreEqual(damaged.AsSpan().SequenceEqual(model), latest is not null, $"case {i}");
            Assert.HasCount(latest is null ? 1 : 0, problems);
            Assert.IsTrue(problems.All(problem => problem.Contains(entry.Path, StringComparison.Ordinal)), string.Join('\n', problems));
        }
    }

    private static bool IsRefused(Action read, string path)
    {
        try
        {
            read();
            return false;
        }
        catch (Exception exception) when (exception is DataFileException or CheckpointException)
        {
            Assert.Contains(path, exception.Message);
            return true;
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

    // Seven images of 13 × 17.
    private static byte[] Idx() => [0, 0, 8, 3, 0, 0, 0, 7, 0, 0, 0, 13, 0, 0, 0, 17, .. Noise(7 * 13 * 17)];

    private static byte[] Compressed(byte[] bytes)
    {
        using MemoryStream stream = new();
        using (GZipStream gzip = new(stream, CompressionLevel.Fastest))
        {
            gzip.Write(bytes);
        }
        return stream.ToArray();
    }

    private static byte[] Safetensors()
    {
        using TemporaryFolder folder = new();
        SafetensorsTensor[] tensors = [.. Enumerable.Range(0, 5).Select(i => new SafetensorsTensor($"blocks.{i}.weight", SafetensorsType.U8, 3, i + 1))];
        using (SafetensorsWriter writer = new(folder["x"], tensors, new Dictionary<string, string> { ["step"] = "3" }))
        {
            foreach (SafetensorsTensor tensor in tensors)
            {
                writer.Write<byte>(tensor.Name, Noise(3 * (int)tensor.Shape[1]));
            }
            writer.Complete();
        }
        return File.ReadAllBytes(folder["x"]);
    }

    private static byte[] Noise(int length)
    {
        byte[] bytes = new byte[length];
        new Random(length).NextBytes(bytes);
        return bytes;
    }
}
