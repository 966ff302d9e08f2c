namespace RevUp.Tests.Benchmarks;

/// <summary>
/// The studies of a GPU, at sizes at which a processor can stand in for one: they run to their end,
/// and what they claim holds there, too.
/// </summary>
[TestClass]
public sealed class GpuStudyTests : FolderTest
{
    private static readonly string[] s_tinyVolume =
        ["--recipe", "volume-64", "--size", "8", "--batch", "1", "--memory", "32"];

    [TestMethod]
    [DataRow("cpu")]
    [DataRow("cuda")]
    public void EveryKernelIsTimed(string device)
    {
        string[] rows = [.. Rows("kernels", device, "--elements", "16384", "--repeats", "2", "--memory", "16").Skip(2)];
        // All but the ones that are one block, or part of a product.
        Assert.IsGreaterThanOrEqualTo(34, rows.Length);
        foreach (string row in rows)
        {
            Assert.IsGreaterThan(0.0, double.Parse(row.Split('|')[3]), row);
        }
    }

    /// <summary>
    /// The stand-in for cuDNN has nothing deterministic for grouped 3-D gradients of bfloat16.
    /// </summary>
    [TestMethod]
    public void ConvolutionsWithoutADeterministicAlgorithmAreNamed()
    {
        if (!CudaOnCpu.IsUsable)
        {
            Assert.Inconclusive("This machine has no device 'cuda'.");
        }
        (int status, string error) = StudyProcess.Run("cudnn", Folder["."]);
        Assert.AreEqual(0, status, error);
        string report = File.ReadAllText(Folder["cudnn.md"]);
        Assert.Contains("| 2-D of odd channels, BFloat16 | yes |", report);
        Assert.Contains("Verdict: ", report);
        if (Environment.GetEnvironmentVariable("REVUP_TEST_CUDA") != "real")
        {
            Assert.Contains("| 3-D in groups, BFloat16 | no |", report);
            Assert.Contains("| 3-D in groups, Float32 | yes |", report);
            Assert.Contains("Verdict: 3 of 22 have none: 3-D in groups, BFloat16;", report);
        }
    }

    /// <summary>
    /// From two blocks a stage on. A single one has no neighbour whose pre-activation it writes.
    /// </summary>
    [TestMethod]
    [DataRow("cpu")]
    [DataRow("cuda")]
    public void ActivationsDoNotGrowWithDepth(string device)
    {
        string[] rows = Rows("gpu-depth", device, [.. s_tinyVolume, "--blocks", "6,12", "--policies", "invert,store"]);
        string[] bytes = [.. rows.Skip(2).Select(row => row.Split('|')[3].Trim())];
        Assert.HasCount(4, bytes);
        Assert.AreEqual(bytes[0], bytes[1], "invert");
        Assert.IsLessThan(long.Parse(bytes[3]), long.Parse(bytes[2]), "store");
    }

    [TestMethod]
    [DataRow("cpu")]
    [DataRow("cuda")]
    public void TheLargestBatchIsTheLastThatFits(string device)
    {
        Rows(
            Folder, "gpu-throughput", device,
            [.. s_tinyVolume, "--blocks", "3", "--steps", "2", "--bound", "3", "--policies", "invert"]);
        JsonElement[] rows =
            [.. File.ReadLines(Folder["gpu-throughput.jsonl"]).Select(line => JsonDocument.Parse(line).RootElement)];
        Assert.HasCount(2, rows);
        Assert.AreEqual("invert", rows[0].GetProperty("mode").GetString());
        Assert.AreEqual(1, rows[0].GetProperty("batch").GetInt32());
        Assert.IsFalse(rows[0].GetProperty("largest").GetBoolean());
        Assert.AreEqual(3, rows[1].GetProperty("batch").GetInt32());
        Assert.IsTrue(rows[1].GetProperty("largest").GetBoolean());
        foreach (JsonElement row in rows)
        {
            double time = row.GetProperty("step_ms").GetDouble();
            Assert.AreEqual(
                1000 * row.GetProperty("batch").GetInt32() / time,
                row.GetProperty("images_per_second").GetDouble(),
                1e-9 * 1e6 / time);
            Assert.IsGreaterThan(0, row.GetProperty("peak_bytes").GetInt64());
        }
    }

    [TestMethod]
    [DataRow("cpu")]
    [DataRow("cuda")]
    public void InvertingFitsNoSmallerVolumeThanStoringWithFewerBytesPerVoxel(string device)
    {
        string[] rows = Rows(
            "gpu-volume", device, "--memory", "30", "--unit", "8", "--bound", "16", "--policies", "store,invert");
        (double Bytes, double Edge)[] measured =
            [.. rows.Skip(2).Select(row => row.Split('|')).Select(
                cells => (double.Parse(cells[3]), double.Parse(cells[14])))];
        Assert.HasCount(2, measured);
        Assert.IsGreaterThanOrEqualTo(measured[0].Edge, measured[1].Edge, string.Join(' ', measured));
        Assert.IsLessThan(
            measured[0].Bytes / Math.Pow(measured[0].Edge, 3),
            measured[1].Bytes / Math.Pow(measured[1].Edge, 3),
            string.Join(' ', measured));
    }

    [TestMethod]
    public void ACommunicatorOfOneRankIsMeasuredBesideNone()
    {
        if (Environment.GetEnvironmentVariable("REVUP_NCCL_LIBRARY") is null)
        {
            Assert.Inconclusive("This machine has no NCCL.");
        }
        string[] rows = Rows(
            "gpu-ranks", "cuda", [.. s_tinyVolume, "--blocks", "3", "--steps", "2", "--rounds", "1"]);
        Assert.HasCount(6, rows);
        string[] communicators = [.. rows.Skip(2).Select(row => row.Split('|')[2].Trim())];
        CollectionAssert.AreEqual(new[] { "none", "1", "none", "1" }, communicators);
        Assert.IsGreaterThan(0, double.Parse(rows[3].Split('|')[6]));
    }

    [TestMethod]
    public void WithoutRoomForAnythingTheLimitIsNamed()
    {
        (int status, string error) = StudyProcess.Run(
            "gpu-volume", Folder["results"], "--device", "cpu", "--memory", "1");
        Assert.AreEqual(1, status);
        Assert.Contains("error: Not even the smallest", error);
        Assert.Contains("--memory", error);
    }

    private static string[] Rows(string study, string device, params string[] options)
    {
        using TemporaryFolder folder = new();
        return Rows(folder, study, device, options);
    }

    /// <summary>The lines of the report's tables.</summary>
    private static string[] Rows(TemporaryFolder folder, string study, string device, params string[] options)
    {
        if (device == "cuda" && !CudaOnCpu.IsUsable)
        {
            Assert.Inconclusive("This machine has no device 'cuda'.");
        }
        (int status, string error) = StudyProcess.Run(study, folder["."], ["--device", device, .. options]);
        Assert.AreEqual(0, status, error);
        return [.. File.ReadLines(folder[$"{study}.md"]).Where(line => line.StartsWith('|'))];
    }
}
