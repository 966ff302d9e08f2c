namespace RevUp.Tests.Cli;

/// <summary>
/// REVUP_MAX_ISA makes any processor one with AVX2 alone, on which nothing computes in bfloat16.
/// </summary>
[TestClass]
public sealed class ProcessorLimitTests : FolderTest
{
    private const string Variable = "REVUP_MAX_ISA";

    [TestMethod]
    public void TheProcessorIsDescribedAsLimited()
    {
        (int status, string output, string error) = Run("avx2", "devices", "--json");
        Assert.AreEqual(0, status, error);
        JsonElement cpu = JsonDocument.Parse(output).RootElement.GetProperty("devices")[0];
        Assert.StartsWith("AVX2 (REVUP_MAX_ISA), oneDNN ", cpu.GetProperty("description").GetString());
        Assert.IsFalse(cpu.GetProperty("bFloat16").GetBoolean());
    }

    [TestMethod]
    [DataRow("AVX2")]
    [DataRow("avx3")]
    public void AnotherValueIsOneParagraph(string value)
    {
        (int status, _, string error) = Run(value, "devices");
        Assert.AreEqual(1, status);
        Assert.Contains(
            $"REVUP_MAX_ISA is '{value}'; use one of amx, avx512_bf16, avx512_vnni, avx512, avx2, or unset it", error);
        Assert.HasCount(1, error.TrimEnd().Split('\n'));
    }

    [TestMethod]
    public void AnImpossiblePrecisionIsRefusedAndAutoIsFloat32()
    {
        string recipe = Tool.WriteTinyRecipe(Folder);
        (int status, _, string error) = Run(
            "avx2", "train", "--recipe", recipe, "--output", Folder["run"], "--set", "model.precision=bfloat16");
        Assert.AreEqual(1, status);
        Assert.Contains("error: model.precision is 'bfloat16', which the device 'cpu' (AVX2 (REVUP_MAX_ISA), ", error);
        Assert.Contains("use 'auto', which is bfloat16 where that is faster, or 'float32'.", error);

        (status, _, error) = Run(
            "avx2", "train", "--recipe", recipe, "--output", Folder["run"], "--set", "model.precision=auto");
        Assert.AreEqual(0, status, error);
        Assert.Contains("tiny: 2 blocks in float32, policy invert, on cpu (AVX2 (REVUP_MAX_ISA), ", error);
        (status, string output, error) = Run(
            "avx2", "memory", "--recipe", recipe, "--policy", "invert", "--set", "model.precision=auto");
        Assert.AreEqual(0, status, error);
        Assert.Contains("Computed in float32.", output);
    }

    [TestMethod]
    public void RowsOfAStudyThatNeedBFloat16AreNamedAndLeftOut()
    {
        Tool.WriteTinyRecipe(Folder);
        File.WriteAllText(Folder["study.json"], """
            {
              "name": "grid", "seeds": [1], "rows": [
                { "name": "decided", "recipe": "tiny.json", "set": ["model.precision=auto"] },
                { "name": "narrow", "recipe": "tiny.json", "set": ["model.precision=bfloat16"] },
              ],
            }
            """);
        (int status, string output, string error) = Run(
            "avx2", "study", Folder["study.json"], "--output", Folder["study"], "--threads", "1");
        Assert.AreEqual(0, status, error);
        foreach (string text in (string[])[error, output, File.ReadAllText(Folder["study/study.md"])])
        {
            Assert.Contains("Left out: narrow, because the device 'cpu' (AVX2 (REVUP_MAX_ISA), ", text);
            Assert.DoesNotContain("| narrow |", text);
        }
        Assert.Contains("| decided |", output);
        Assert.Contains("\"precision\": \"float32\"", File.ReadAllText(Folder["study/runs/decided/recipe.json"]));

        (status, _, error) = Run(
            "avx2", "study", Folder["study.json"], "--output", Folder["none"], "--set", "model.precision=bfloat16");
        Assert.AreEqual(1, status);
        Assert.Contains("error: the reference of the study is 'decided', and the device 'cpu' (AVX2", error);
    }

    private static ToolResult Run(string limit, params string[] arguments) =>
        ToolProcess.Run((Variable, limit), arguments);
}
