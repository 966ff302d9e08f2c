namespace RevUp.Tests.Cli;

/// <summary><c>--device cuda</c>, each time in a process of its own, as a user runs it.</summary>
[TestClass]
public sealed class CudaDeviceTests : FolderTest
{
    // A checkpoint's loss on another device differs by roundings of float32 that a few layers
    // amplify.
    private const double Roundings = 1e-3;

    [TestInitialize]
    public void RequireCuda()
    {
        if (!CudaOnCpu.IsUsable)
        {
            Assert.Inconclusive("This machine has no device 'cuda'.");
        }
    }

    [TestMethod]
    public void WhatIsTrainedOnTheGpuIsEvaluatedAlikeOnEveryDevice()
    {
        JsonElement trained = Json(
            "train", "--recipe", Tool.WriteTinyRecipe(Folder), "--output", Folder["run"], "--device", "cuda", "--set",
            "model.precision=float32");
        Assert.AreEqual(16, trained.GetProperty("step").GetInt64());
        foreach (string device in (string[])["cuda", "cpu"])
        {
            JsonElement evaluated = Json("evaluate", "--checkpoint", Folder["run"], "--device", device);
            Assert.AreEqual(
                trained.GetProperty("loss").GetDouble(), evaluated.GetProperty("loss").GetDouble(), Roundings, device);
        }
    }

    [TestMethod]
    public void AGraphGivesTheSameRunAndIsForTheGpuOnly()
    {
        string recipe = Tool.WriteTinyRecipe(Folder);
        JsonElement plain = Json("train", "--recipe", recipe, "--output", Folder["plain"], "--device", "cuda");
        JsonElement graph = Json(
            "train", "--recipe", recipe, "--output", Folder["graph"], "--device", "cuda", "--cuda-graph");
        Assert.AreEqual(plain.GetProperty("loss").GetDouble(), graph.GetProperty("loss").GetDouble());

        ToolResult refused = ToolProcess.Run(
            null, "train", "--recipe", recipe, "--output", Folder["cpu"], "--cuda-graph");
        refused.AssertFails("error: training.cudaGraph is true, and the device 'cpu' has no graphs;");
        Assert.AreEqual(refused.LastError, refused.Error.TrimEnd());
    }

    /// <summary>
    /// CUDA events tell the times of a profile, and profilers are told the window.
    /// </summary>
    [TestMethod]
    public void AGpuIsProfiledByEventsAndByItsProfilers()
    {
        string[] recipe = ["--recipe", Tool.WriteTinyRecipe(Folder), "--device", "cuda"];
        JsonElement profile = Json(["profile", .. recipe, "--steps", "3:4"]);
        double launches =
            profile.GetProperty("operations").EnumerateArray().Sum(row => row.GetProperty("launches").GetDouble());
        Assert.IsGreaterThan(profile.GetProperty("layers").GetArrayLength(), launches);
        ToolResult captured = ToolProcess.Run(null, ["profile", .. recipe, "--steps", "3:4", "--capture"]);
        Assert.AreEqual(0, captured.ExitCode, captured.Error);
        Assert.Contains("Steps 3 to 4 ran between cuProfilerStart and cuProfilerStop.", captured.Output);
        ToolResult trained = ToolProcess.Run(
            null, ["train", .. recipe, "--output", Folder["run"], "--profile-steps", "3:4"]);
        Assert.AreEqual(0, trained.ExitCode, trained.Error);
    }

    /// <summary>The arithmetic is fast unless a setting names another; the run names it.</summary>
    [TestMethod]
    [DataRow("", "2 blocks in bfloat16, TF32 elsewhere, policy")]
    [DataRow("tf32", "2 blocks in tf32, policy")]
    [DataRow("float32", "2 blocks in float32, policy")]
    public void ARunIsFastByDefaultAndSaysItsArithmetic(string precision, string said)
    {
        string[] set = precision.Length == 0 ? [] : ["--set", "model.precision=" + precision];
        ToolResult result = ToolProcess.Run(
            null,
            ["train", "--recipe", Tool.WriteTinyRecipe(Folder), "--output", Folder["run"], "--device", "cuda", .. set]);
        Assert.AreEqual(0, result.ExitCode, result.Error);
        Assert.Contains(said, result.Error);
    }

    /// <summary>
    /// The stand-in spoils the context, as an illegal address does on a GPU: every later call fails
    /// as well, the disposals too. The first failure is the one that is reported.
    /// </summary>
    [TestMethod]
    [DataRow("", "; found in step / ")]
    [DataRow("--debug-launches", "error: the operation ")]
    public void TheFirstFailureOfALostDeviceIsReportedWithItsPlace(string option, string said)
    {
        ToolResult result = ToolProcess.Run(
            ("REVUP_CUDA_ON_CPU_FAIL", "730"),
            ["train", "--recipe", Tool.WriteTinyRecipe(Folder), "--output", Folder["run"], "--device", "cuda",
                .. option.Length == 0 ? [] : (string[])[option]]);
        result.AssertFails("error: ", said);
        Assert.Contains("IllegalAddress (700)", result.LastError);
        Assert.DoesNotContain("MemFree", result.Error);
        Assert.AreEqual(1, result.Error.Split("error: ").Length - 1, result.Error);
    }

    [TestMethod]
    public void ALaunchThatIsWaitedForIsInNoGraph()
    {
        ToolResult result = ToolProcess.Run(
            null, "train", "--recipe", Tool.WriteTinyRecipe(Folder), "--output", Folder["run"], "--device", "cuda",
            "--cuda-graph", "--debug-launches");
        result.AssertFails("error: training.cudaGraph is true, and --debug-launches waits inside a step");
    }

    /// <summary>
    /// cuDNN 9.8 to 9.15 compute some volumes wrong, and say nothing: RevUp's own convolutions take
    /// their place.
    /// </summary>
    [TestMethod]
    [DataRow("auto", 1)]
    [DataRow("tf32", 1)]
    [DataRow("float32", 0)]
    public void VolumesAreOurOwnWithABrokenCudnn(string precision, int notes)
    {
        ToolResult result = ToolProcess.Run(
            ("REVUP_CUDNN_ON_CPU_VERSION", "91002"), "memory", "--recipe", "volume-64", "--device", "cuda", "--policy",
            "invert", "--blocks", "3", "--set", "data.extents=[8,8,8]", "--set", "model.precision=" + precision);
        Assert.AreEqual(0, result.ExitCode, result.Error);
        string[] said = result.Error.Split('\n');
        Assert.HasCount(notes, said.Where(line => line.StartsWith("note: ", StringComparison.Ordinal)), result.Error);
        Assert.HasCount(notes, said.Where(line => line.StartsWith(
            "note: cuDNN 9.10.2 computes some 3-D convolutions wrong", StringComparison.Ordinal)));
    }

    /// <summary>A failed trial is in the list, which ends well.</summary>
    [TestMethod]
    public void ADeviceOnWhichATrialFailsIsListedAsOneThatCannotTrain()
    {
        ToolResult result = ToolProcess.Run(("REVUP_CUDA_ON_CPU_FAIL", "12"), "devices", "--json");
        Assert.AreEqual(0, result.ExitCode, result.Error);
        JsonElement[] devices = [.. result.Json.GetProperty("devices").EnumerateArray()];
        Assert.AreEqual(JsonValueKind.Null, devices[0].GetProperty("problem").ValueKind);
        Assert.Contains("IllegalAddress (700)", devices[1].GetProperty("problem").GetString()!);
    }

    [TestMethod]
    public void TheDeviceIsListed()
    {
        JsonElement devices = Json("devices");
        Assert.AreEqual(0, devices.GetProperty("cudaProblems").GetArrayLength());
        JsonElement gpu = devices.GetProperty("devices")[1];
        Assert.AreEqual("cuda", gpu.GetProperty("name").GetString());
        Assert.AreEqual(JsonValueKind.Null, gpu.GetProperty("threads").ValueKind);
        Assert.IsGreaterThan(0, gpu.GetProperty("memoryBytes").GetInt64());
        Assert.AreEqual(JsonValueKind.Null, gpu.GetProperty("problem").ValueKind, gpu.ToString());
    }

    [TestMethod]
    public void KernelsThatWereNotBuiltAreOneParagraph()
    {
        ToolResult result = ToolProcess.Run(
            ("REVUP_CUDA_KERNELS", Folder["missing.fatbin"]), "evaluate", "--checkpoint", Folder["run"], "--device",
            "cuda");
        result.AssertFails("error: The kernels", Folder["missing.fatbin"]);
        Assert.AreEqual(result.LastError, result.Error.TrimEnd());
    }

    private static JsonElement Json(params string[] arguments)
    {
        ToolResult result = ToolProcess.Run(null, [.. arguments, "--json"]);
        Assert.AreEqual(0, result.ExitCode, result.Error);
        return result.Json;
    }
}
