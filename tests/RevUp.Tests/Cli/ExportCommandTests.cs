using RevUp.Tests.Inference;

namespace RevUp.Tests.Cli;

/// <summary><c>revup export</c> on a trained run.</summary>
[TestClass]
public sealed class ExportCommandTests : FolderTest
{
    [TestMethod]
    public void AModelAndWeightsComeFromOneRun()
    {
        string run = Tool.TrainTiny(Folder);
        ToolResult result = Tool.Succeed(
            "export", run, "--onnx", Folder["n.onnx"], "--weights", Folder["n.safetensors"], "--threads", "1",
            "--json");
        Assert.AreEqual(16, result.Json.GetProperty("step").GetInt32());
        CollectionAssert.AreEqual(
            new[] { Folder["n.onnx"], Folder["n.safetensors"] },
            result.Json.GetProperty("files").EnumerateArray().Select(file => file.GetString()).ToArray());
        OnnxInterpreter model = new(Folder["n.onnx"]);
        OnnxValue logits = model.Run(new OnnxValue([1, 1, 8, 8], new double[8 * 8]));
        CollectionAssert.AreEqual(new[] { 1, 4 }, logits.Shape);
        string classes = model.Model.Messages(14).Single(property => property.Text(1) == "classes").Text(2);
        Assert.HasCount(4, JsonSerializer.Deserialize<string[]>(classes)!);
        using SafetensorsReader weights = new(Folder["n.safetensors"]);
        CollectionAssert.AreEqual(new long[] { 4, 1, 3, 3 }, weights.Find("stem.weight")!.Shape.ToArray());
    }

    [TestMethod]
    public void SomethingMustBeNamed()
    {
        ToolResult result = Tool.Run("export", Folder.Path);
        Assert.AreEqual(2, result.ExitCode);
        Assert.Contains("Nothing to export was named", result.LastError);
    }
}
