using RevUp.Tests.Cli;

namespace RevUp.Tests.Training;

/// <summary>
/// Training on a stand-in whose streams do their work as late as events allow leaves the same bits:
/// no copy reads or writes host memory at the wrong time, and nothing depends on an order that no
/// event makes.
/// </summary>
[TestClass]
public sealed class LateDeviceTests : FolderTest
{
    [TestMethod]
    [DataRow("invert")]
    [DataRow("store", "--cuda-graph")]
    public void LateStreamsTrainTheSameBits(string policy, params string[] options)
    {
        if (!CudaOnCpu.IsUsable)
        {
            Assert.Inconclusive("There is no stand-in for CUDA.");
        }
        File.WriteAllText(Folder["small.json"], SmallRecipe.Json);
        foreach (string order in (string[])["submitted", "late"])
        {
            ToolResult result = ToolProcess.Run(
                ("REVUP_CUDA_ON_CPU_ORDER", order),
                [
                    "train", "--recipe", Folder["small.json"], "--output", Folder[order], "--threads", "1", "--device",
                    "cuda", "--set", $"reversible.policy={policy}", .. options,
                ]);
            Assert.AreEqual(0, result.ExitCode, result.Error);
        }
        TestRuns.AssertSameState(Folder["submitted"], Folder["late"]);
    }
}
