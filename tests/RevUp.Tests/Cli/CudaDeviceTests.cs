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

    /// <summary>The arithmetic is fast unless someone asks for another, and the run says so.</summary>
    [TestMethod]
    [DataRow("", "2 blocks in bfloat16, TF32 elsewhere, policy")]
    [DataRow("tf32", "2 blocks in tf32, policy")]
    [DataRow("float32", "2 blocks in float32, policy")]
    public void ARunIsFastByDefaultAndSaysItsArithmetic(string precision, string said)
    {
        string[] set = precision.Length == 0 ? [] : ["--set", "model.precision=" + precision];
        ToolResult result = ToolProcess.Run(
            null, ["train", "--recipe", Tool.WriteTinyRecipe(Folder), "--output", Folder["run"], "--device", "cuda", .. set]);
        Assert.AreEqual(0, result.ExitCode, result.Error);
        Assert.Contains(said, result.Error);
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
