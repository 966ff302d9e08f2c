namespace RevUp.Tests.Cli;

/// <summary><c>--device cuda</c>, each time in a process of its own, as a user runs it.</summary>
[TestClass]
public sealed class CudaDeviceTests
{
    // A checkpoint's loss on another device differs by roundings of float32 that a few layers
    // amplify.
    private const double Roundings = 1e-3;

    // TF32 has 13 bits less; its 2⁻¹¹ of every factor is amplified as much.
    private const double Tf32Roundings = 5e-2;

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
        using TemporaryFolder folder = new();
        JsonElement trained = Json(
            "train", "--recipe", Tool.WriteTinyRecipe(folder), "--output", folder["run"], "--device", "cuda");
        Assert.AreEqual(16, trained.GetProperty("step").GetInt64());
        foreach (string device in (string[])["cuda", "cpu"])
        {
            JsonElement evaluated = Json("evaluate", "--checkpoint", folder["run"], "--device", device);
            Assert.AreEqual(
                trained.GetProperty("loss").GetDouble(), evaluated.GetProperty("loss").GetDouble(), Roundings, device);
        }
    }

    [TestMethod]
    public void AGraphGivesTheSameRunAndIsForTheGpuOnly()
    {
        using TemporaryFolder folder = new();
        string recipe = Tool.WriteTinyRecipe(folder);
        JsonElement plain = Json("train", "--recipe", recipe, "--output", folder["plain"], "--device", "cuda");
        JsonElement graph = Json(
            "train", "--recipe", recipe, "--output", folder["graph"], "--device", "cuda", "--cuda-graph");
        Assert.AreEqual(plain.GetProperty("loss").GetDouble(), graph.GetProperty("loss").GetDouble());

        using Process process = ToolProcess.Start(
            null, "train", "--recipe", recipe, "--output", folder["cpu"], "--cuda-graph");
        string error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.AreEqual(1, process.ExitCode);
        Assert.StartsWith("error: training.cudaGraph is true, and the device 'cpu' has no graphs;", error);
        Assert.HasCount(1, error.TrimEnd().Split('\n'));
    }

    [TestMethod]
    public void Tf32RoundsTheFactorsOfConvolutions()
    {
        using TemporaryFolder folder = new();
        double exact =
            Json("train", "--recipe", Tool.WriteTinyRecipe(folder), "--output", folder["run"], "--device", "cuda")
            .GetProperty("loss")
            .GetDouble();
        double rounded = Json("evaluate", "--checkpoint", folder["run"], "--device", "cuda", "--tf32")
            .GetProperty("loss").GetDouble();
        Assert.AreNotEqual(exact, rounded);
        Assert.AreEqual(exact, rounded, Tf32Roundings);
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
        using TemporaryFolder folder = new();
        using Process process =
            ToolProcess.Start(
                ("REVUP_CUDA_KERNELS", folder["missing.fatbin"]), "evaluate", "--checkpoint", folder["run"], "--device",
                "cuda");
        string error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.AreEqual(1, process.ExitCode);
        Assert.StartsWith("error: The kernels", error);
        Assert.Contains(folder["missing.fatbin"], error);
        Assert.HasCount(1, error.TrimEnd().Split('\n'));
    }

    private static JsonElement Json(params string[] arguments)
    {
        using Process process = ToolProcess.Start(null, [.. arguments, "--json"]);
        // Both streams are emptied at once: a full pipe would stop the process.
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.AreEqual(0, process.ExitCode, error.Result);
        return JsonDocument.Parse(output).RootElement;
    }
}
