using RevUp.Distributed;
using RevUp.Tests.Cli;

namespace RevUp.Tests.Distributed;

/// <summary>A process after its MPI library was loaded. The ranks are this program again.</summary>
[TestClass]
public sealed class RankProcessTests : FolderTest
{
    /// <summary>
    /// UCX, which MPICH loads, would take over the signal by which the runtime notices null
    /// references.
    /// </summary>
    [TestMethod]
    public void RanksCatchNullReferences()
    {
        ToolResult result = ToolProcess.RunOther(
        [
            .. MpiLauncher.Words(MpiLauncher.Mpich, 2), Environment.ProcessPath!, "--filter",
            nameof(ANullReferenceIsCaught), "--results-directory", Folder["results"],
        ]);
        Assert.AreEqual(0, result.ExitCode, result.Output + result.Error);
    }

    /// <summary>The work of each rank; one process of the suite does it alone.</summary>
    [TestMethod]
    public void ANullReferenceIsCaught()
    {
        RankEnvironment environment = RankEnvironment.Current();
        using Collective ranks = Collective.Join(environment);
        string[] nodes = ranks.Gather(Environment.MachineName, "the names of nodes");
        Assert.HasCount(environment.Size, nodes);
        string? nothing = nodes.FirstOrDefault(node => node.Length == 0);
        int length = 0;
        Assert.ThrowsExactly<NullReferenceException>(() => length = nothing!.Length);
        Assert.AreEqual(0, length);
    }
}
