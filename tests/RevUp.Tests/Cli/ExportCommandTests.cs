using RevUp.Tests.Inference;

namespace RevUp.Tests.Cli;

/// <summary><c>revup export</c> on a trained run.</summary>
[TestClass]
public sealed class ExportCommandTests
{
    [TestMethod]
    public void AModelAndWeightsComeFromOneRun()
    {
        using TemporaryFolder folder = new();
        string run = Tool.TrainTiny(folder);
        ToolResult result = Tool.Succeed(
            "export", run, "--onnx", folder["n.onnx"], "--weights", folder["n.safetensors"], "--threads", "1",
            "--json");
        Assert.AreEqual(16, result.Json.GetProperty("step").GetInt32());
        CollectionAssert.AreEqual(
            new[] { folder["n.onnx"], folder["n.safetensors"] },
            result.Json.GetProperty("files").EnumerateArray().Select(file => file.GetString()).ToArray());
        OnnxInterpreter model = new(folder["n.onnx"]);
        OnnxValue logits = model.Run(new OnnxValue([1, 1, 8, 8], new double[8 * 8]));
        CollectionAssert.AreEqual(new[] { 1, 4 }, logits.Shape);
        string classes = model.Model.Messages(14).Single(property => property.Text(1) == "classes").Text(2);
        Assert.HasCount(4, JsonSerializer.Deserialize<string[]>(classes)!);
        using SafetensorsReader weights = new(folder["n.safetensors"]);
        CollectionAssert.AreEqual(new long[] { 4, 1, 3, 3 }, weights.Find("stem.weight")!.Shape.ToArray());
    }

    [TestMethod]
    public void SomethingMustBeNamed()
    {
        using TemporaryFolder folder = new();
        ToolResult result = Tool.Run("export", folder.Path);
        Assert.AreEqual(2, result.ExitCode);
        Assert.Contains("Nothing to export was named", result.LastError);
    }
}
