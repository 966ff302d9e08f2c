using RevUp.Tests.Cli;
using RevUp.Tests.Support;

namespace RevUp.Tests.Architecture;

/// <summary>
/// tools/kernel-limits.awk, which <c>./build.sh cuda-compile</c> compares machine code with, on the
/// listing of one small kernel.
/// </summary>
[TestClass]
public sealed class KernelLimitTests
{
    private const string Resources = """
        arch = sm_90
         Function copy:
          REG:40 STACK:0 SHARED:0 LOCAL:0 CONSTANT[0]:464
        """;

    // One loop with 16-byte accesses, and one over the rest.
    private const string Code = """
        	code for sm_90
        		Function : copy
                /*0010*/                   LDG.E.128 R4, [R2.64] ;                 /* 0x0000 */
                /*0020*/                   STG.E.128 [R2.64], R4 ;                 /* 0x0000 */
                /*0030*/              @!P0 BRA 0x10 ;                              /* 0x0000 */
                /*0040*/                   LDG.E R4, [R2.64] ;                     /* 0x0000 */
                /*0050*/                   STG.E [R2.64], R4 ;                     /* 0x0000 */
                /*0060*/              @!P0 BRA 0x40 ;                              /* 0x0000 */
                /*0070*/                   BRA 0x70 ;                              /* 0x0000 */
        """;

    private const string Limits = "# heading\ncopy 256 - - - - 40 0 75 1\n";

    [TestMethod]
    public void CodeWithinItsLimitsPasses() => Assert.AreEqual((0, ""), Compare(Limits, Resources, Code).Verdict);

    [TestMethod]
    [DataRow(
        "REG:40", "REG:48", "48 registers, the limit is 40\nlimits: copy, sm_90: 62 % occupancy, the limit is 75\n")]
    [DataRow("STACK:0", "STACK:16", "16 bytes of local memory, the limit is 0\n")]
    [DataRow("SHARED:0", "SHARED:58368", "50 % occupancy, the limit is 75\n")]
    [DataRow("REG:40", "REG:39", "39 registers, the limit is 40; better, so tighten the limit\n")]
    public void OtherResourcesAreNamed(string old, string changed, string expected) => Assert.AreEqual(
        (1, $"limits: copy, sm_90: {expected}"),
        Compare(Limits, Resources.Replace(old, changed, StringComparison.Ordinal), Code).Verdict);

    [TestMethod]
    public void ANarrowAccessInALoopOfPacksIsFound() => Assert.AreEqual(
        (1, "limits: copy, sm_90: 0 loops of packs, the limit is 1\n"),
        Compare(Limits, Resources, Code.Replace("STG.E.128", "STG.E.64", StringComparison.Ordinal)).Verdict);

    [TestMethod]
    public void KernelsAndLinesBelongToEachOther()
    {
        ((int, string) verdict, string proposal) = Compare("# heading\nmove 256 - - - - 40 0 75 1\n", Resources, Code);
        Assert.AreEqual(
            (1, "limits: copy has no line; its blocks are taken to have 256 threads\n"
                + "limits: move has a line and is no kernel\n"),
            verdict);
        Assert.AreEqual("# heading\ncopy 256 - - - - 40 0 75 1\n", proposal);
    }

    [TestMethod]
    public void EveryKernelHasALine()
    {
        string[] lines = [.. Repository.Read("native/cuda/limits.txt").Split('\n').Where(
            line => line.Length > 0 && line[0] != '#').Select(line => line.Split(' ')[0])];
        CollectionAssert.AreEquivalent(CudaKernelTests.Exported, lines);
    }

    private static ((int Status, string Output) Verdict, string Proposal) Compare(
        string limits, string resources, string code)
    {
        using TemporaryFolder folder = new();
        File.WriteAllText(folder["limits"], limits);
        File.WriteAllText(folder["resources"], resources);
        File.WriteAllText(folder["code"], code);
        ToolResult result = ToolProcess.RunOther(
            "awk", "-v", $"proposal={folder["proposal"]}",
            "-f", Path.Combine(Repository.Root, "tools/kernel-limits.awk"),
            folder["limits"], folder["resources"], folder["code"]);
        Assert.AreEqual("", result.Error);
        return ((result.ExitCode, result.Output), File.ReadAllText(folder["proposal"]));
    }
}
