using RevUp.Tests.Cli;

namespace RevUp.Tests.Distributed;

/// <summary>Ranks on two machines, which are namespaces of this one.</summary>
[TestClass]
public sealed class TwoNodesTests
{
    /// <summary>tests/ranks/two-nodes.sh knows MPICH, too, which takes longer.</summary>
    [TestMethod]
    public void RanksEndByThemselvesWhenTheCableBetweenThemIsCut()
    {
        _ = MpiLauncher.Words(MpiLauncher.OpenMpi, 2);
        if (!Environment.IsPrivilegedProcess || !CanMakeNamespaces())
        {
            Assert.Inconclusive("Namespaces need root, iproute2 and the right to make them.");
        }
        ToolResult result = ToolProcess.RunOther(
            "bash", Path.Combine(Repository.Root, "tests/ranks/two-nodes.sh"), ToolProcess.Program, "openmpi");
        Assert.AreEqual(0, result.ExitCode, result.Output + result.Error);
        Assert.Contains("weights equal to one process", result.Output);
        Assert.Contains("[rank 0 of 2 on revup-a", result.Output);
        Assert.Contains("[rank 1 of 2 on revup-b", result.Output);
    }

    private static bool CanMakeNamespaces() =>
        ToolProcess.RunOther("sh", "-c", "ip netns add revup-trial && ip netns del revup-trial").ExitCode == 0;
}
