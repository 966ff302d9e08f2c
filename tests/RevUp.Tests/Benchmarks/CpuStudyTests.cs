using RevUp.Interop.Image;

namespace RevUp.Tests.Benchmarks;

/// <summary>
/// Studies on the processor at --quick's sizes: they run to their end, and what does not depend on
/// speed holds.
/// </summary>
[TestClass]
public sealed class CpuStudyTests : FolderTest
{
    [TestMethod]
    public void PoliciesOfOneStepKeepTheirOrderInMemoryAndStayWhenAnotherPartIsMeasured()
    {
        Run(Folder, "step", "--blocks", "3", "--contenders", "store,invert");
        Run(Folder, "step", "--blocks", "3", "--contenders", "checkpoint", "--rounds", "1");
        Dictionary<string, JsonElement> rows =
            Rows(Folder, "step").ToDictionary(row => row.GetProperty("contender").GetString()!);
        Assert.HasCount(3, rows);
        long[] bytes = [.. ((string[])["invert", "checkpoint", "store"]).Select(
            name => rows[name].GetProperty("activation_peak_bytes").GetInt64())];
        Assert.IsLessThan(bytes[1], bytes[0], "invert");
        Assert.IsLessThan(bytes[2], bytes[1], "checkpoint");
        Assert.IsGreaterThanOrEqualTo(1.0, rows["invert"].GetProperty("mean_evaluations").GetDouble());
        string report = File.ReadAllText(Folder["step.md"]);
        Assert.Contains("--contenders store,invert", report, "The part measured first names its own command.");
        Assert.Contains("Not measured yet: n = 9, 18.", report);
    }

    /// <summary>With AVX2 alone there is no bfloat16.</summary>
    [TestMethod]
    public void ContendersThatTheProcessorCannotRunAreNamedAndLeftOut()
    {
        string[] options = ["--quick", "--contenders"];
        (int status, string error) = StudyProcess.RunLimited(
            "avx2", "step", Folder["."], [.. options, "invert-bf16,store,invert-mixed"]);
        Assert.AreEqual(0, status, error);
        string report = File.ReadAllText(Folder["step.md"]);
        Assert.Contains(
            "Left out: `invert-bf16`, `invert-mixed`: this processor does not compute in bfloat16 (AVX2 "
            + "(REVUP_MAX_ISA), ",
            report);
        Assert.AreEqual("store", Rows(Folder, "step").Single().GetProperty("contender").GetString());

        (status, error) = StudyProcess.RunLimited("avx2", "depth", Folder["."], [.. options, "invert-bf16"]);
        Assert.AreEqual(1, status);
        Assert.Contains("error: No contender is left on this processor, which cannot run `invert-bf16`.", error);
    }

    /// <summary>Parts are measured one by one; the report has all of them.</summary>
    [TestMethod]
    public void WorkOnVolumesIsMeasuredWithinItsMemory()
    {
        Run(Folder, "dense", "--only", "loading,classes");
        Run(Folder, "dense", "--only", "distance,resampling");
        Dictionary<string, double> rows = Rows(Folder, "dense").ToDictionary(
            row => row.GetProperty("name").GetString()!, row => row.GetProperty("worst").GetDouble());
        Assert.HasCount(11, rows);
        Assert.IsTrue(rows.Values.All(value => value > 0));
        Assert.IsLessThan(1.5, rows["values, 24³ to 48³: allocated in all"]);
        Assert.IsLessThan(2048, rows["32³ in 5 classes, VmHWM without the volume"]);
        string report = File.ReadAllText(Folder["dense.md"]);
        Assert.Contains("loader, 16³, 2 workers", report);
        Assert.Contains("--only loading,classes", report, "The part measured first names its own command.");
    }

    [TestMethod]
    public void SlabsOfAUNetTakeLessThanStoring()
    {
        Run(Folder, "unet", "--contenders", "store,invert-slabs");
        JsonElement[] samples = [.. Rows(Folder, "unet").Select(row => row.GetProperty("sample"))];
        CollectionAssert.AreEqual(
            (long[])[33946663, 33946663], samples.Select(one => one.GetProperty("parameters").GetInt64()).ToArray());
        long[] bytes = [.. samples.Select(one => one.GetProperty("activation_peak_bytes").GetInt64())];
        Assert.IsGreaterThan(bytes[1], bytes[0]);
        Assert.IsGreaterThan(1, samples[1].GetProperty("mean_evaluations").GetDouble());
        Assert.Contains("| invert-slabs | 32 |", File.ReadAllText(Folder["unet.md"]));
    }

    [TestMethod]
    public void ActivationsOfVeryDeepNetworksAreTheSameToTheByte()
    {
        Run(Folder, "depth", "--only", "deep");
        JsonElement[] rows = Rows(Folder, "depth");
        Assert.HasCount(3, rows);
        Assert.HasCount(1, rows.Select(row => row.GetProperty("activation_peak_bytes").GetInt64()).Distinct());
        Assert.Contains("the same at every depth, to the byte", File.ReadAllText(Folder["depth.md"]));
    }

    [TestMethod]
    public void TilesHaveTheLogitsOfTheWholeUnlessInstancesAreNormalized()
    {
        Run(Folder, "tiles");
        JsonElement[] rows = Rows(Folder, "tiles");
        CollectionAssert.AreEqual(
            (string[])["segment-lesions", "segment-lesions-instance-norm"],
            rows.Select(row => row.GetProperty("recipe").GetString()).ToArray());
        double[] largest = [.. rows.Select(row => row.GetProperty("largest").GetDouble())];
        Assert.IsGreaterThanOrEqualTo(9, rows[0].GetProperty("tiles").GetInt64());
        Assert.IsTrue(largest[0] > 0 && largest[0] <= 1e-5, $"{largest[0]}");
        Assert.IsGreaterThanOrEqualTo(0.99999, rows[0].GetProperty("equal_labels").GetDouble());
        Assert.IsGreaterThan(1e-3, largest[1]);
        ImageInfo picture = ImageDecoder.Inspect(File.ReadAllBytes(Folder["tiles.png"]));
        Assert.IsGreaterThanOrEqualTo(3 * 128, picture.Width);
    }

    [TestMethod]
    public void LoadingIsComparedWithAResidentBatch()
    {
        Run(Folder, "loading", "--steps", "3", "--workers", "1");
        Run(Folder, "loading", "--steps", "3", "--workers", "2");
        JsonElement[] rows = Rows(Folder, "loading");
        Assert.HasCount(2, rows);
        foreach (JsonElement row in rows)
        {
            Assert.IsGreaterThan(0.0, row.GetProperty("ratio").GetProperty("median").GetDouble());
        }
    }

    /// <summary>
    /// Checkpointing moves what storing does and, once more, the operands of the first
    /// pre-activation and convolution of every block and of the classifier's pre-activation and
    /// pooling.
    /// </summary>
    [TestMethod]
    public void TrafficIsCountedToTheByte()
    {
        const int Batch = 2;
        Run(Folder, "traffic");
        JsonElement[] rows = Rows(Folder, "traffic");
        double[] bytes = [.. rows.Select(row => row.GetProperty("bytes").GetDouble())];
        double[] least = [.. rows.Select(row => row.GetProperty("least_bytes").GetDouble())];
        const double HeadActivations = sizeof(float) * Batch * 8 * 8 * 32, Pooled = sizeof(float) * Batch * 32;
        (double counted, double necessary) = (3 * HeadActivations + 2 * sizeof(float) + Pooled, 0);
        foreach ((int extent, int channels) in ((int, int)[])[(32, 8), (16, 16), (8, 32)])
        {
            double activations = sizeof(float) * Batch * extent * extent * channels;
            double weights = sizeof(float) * 9 * channels * channels;
            counted += 2 * activations + 2 * sizeof(float) + 2 * activations + weights;
            necessary += 2 * activations + weights;
        }
        Assert.AreEqual(counted, bytes[1] - bytes[0]);
        Assert.AreEqual(necessary, least[1] - least[0]);
        foreach ((double moved, double needed) in bytes.Zip(least))
        {
            Assert.IsGreaterThan(needed, moved);
        }
        Assert.IsGreaterThan(bytes[1], bytes[2], "invert");
    }

    [TestMethod]
    public void AReportHasNoRowsOfOtherSources()
    {
        Run(Folder, "step", "--contenders", "store", "--rounds", "1");
        string commit = Rows(Folder, "step")[0].GetProperty("origin").GetProperty("commit").GetString()!;
        string file = Folder["step.jsonl"];
        File.WriteAllText(
            file,
            File.ReadAllText(file)
                .Replace($"\"commit\":\"{commit}\"", "\"commit\":\"another\"", StringComparison.Ordinal));
        Run(Folder, "step", "--contenders", "checkpoint", "--rounds", "1");
        Assert.HasCount(2, Rows(Folder, "step"));
        string report = File.ReadAllText(Folder["step.md"]);
        Assert.Contains("| checkpoint |", report);
        Assert.DoesNotContain("| store |", report);
    }

    [TestMethod]
    public void EveryOperationIsTimedBesideItsTwinAndACopy()
    {
        Run(Folder, "operations");
        string[] rows =
            [.. File.ReadLines(Folder["operations.md"]).Where(line => line.StartsWith('|') && char.IsDigit(line[^3]))];
        string[] names =
        [
            "batch norm backward", "adamw", "quantize residual, 4 bits", "quantize retrace, 8 bits", "product",
            "wgrad 256@8²",
        ];
        foreach (string name in names)
        {
            Assert.IsTrue(rows.Any(row => row.Contains(name, StringComparison.Ordinal)), name);
        }
        foreach (string row in rows)
        {
            // GB/s, or the share of the product's rate; times of so little work may be rounded to
            // nothing.
            Assert.IsGreaterThan(0.0, double.Parse(row.Split('|')[4]), row);
        }
    }

    [TestMethod]
    [DataRow("The least traffic of 'compress' is not known", "traffic", "--policies", "compress")]
    [DataRow("'plots' has no smaller sizes", "plots")]
    [DataRow("'hoard'", "step", "--contenders", "hoard")]
    [DataRow("leave the peer out", "step", "--contenders", "peer", "--trained", "0")]
    [DataRow("--policies has 'hoard'", "traffic", "--policies", "hoard")]
    [DataRow("--only has 'shallow'", "depth", "--only", "shallow")]
    [DataRow("--contenders has 'hoard'", "unet", "--contenders", "hoard")]
    [DataRow("--only is 'loading,shallow'", "dense", "--only", "loading,shallow")]
    public void WhatCannotBeMeasuredIsNamed(string message, string study, params string[] options)
    {
        (int status, string error) = StudyProcess.Run(study, Folder["."], ["--quick", .. options]);
        Assert.AreEqual(1, status, error);
        Assert.Contains(message, error);
    }

    [TestMethod]
    [DataRow("", "Measure first: ./build.sh benchmark depth --only peers")]
    [DataRow("{\"sweep\":", "depth.jsonl is damaged")]
    public void WhatCannotBeDrawnIsNamed(string rows, string message)
    {
        File.WriteAllText(Folder["depth.jsonl"], rows);
        (int status, string error) = StudyProcess.Run("plots", Folder["."]);
        Assert.AreEqual(1, status, error);
        Assert.Contains(message, error);
    }

    private static void Run(TemporaryFolder folder, string study, params string[] options)
    {
        (int status, string error) = StudyProcess.Run(study, folder["."], ["--quick", .. options]);
        Assert.AreEqual(0, status, error);
    }

    private static JsonElement[] Rows(TemporaryFolder folder, string study) =>
        [.. File.ReadLines(folder[$"{study}.jsonl"]).Select(line => JsonDocument.Parse(line).RootElement)];
}
