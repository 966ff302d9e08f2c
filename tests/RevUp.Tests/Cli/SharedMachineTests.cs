namespace RevUp.Tests.Cli;

/// <summary>
/// On a machine that does other work as well: threads within what the process may use, and short
/// waits.
/// </summary>
[TestClass]
public sealed partial class SharedMachineTests
{
    private const string Hierarchy = "/sys/fs/cgroup";

    [TestMethod]
    public void ThreadsWaitForMicrosecondsAndSleepThen()
    {
        Assert.IsInRange(125, 4000, SpinCount());
        // libgomp's own default would be 300,000.
        Assert.AreEqual(1234, SpinCount(("GOMP_SPINCOUNT", "1234")));
        Assert.AreEqual(0, SpinCount(("OMP_WAIT_POLICY", "passive")));
    }

    [TestMethod]
    public void ThereIsOneThreadForEachProcessorOfTheAffinity()
    {
        Assert.AreEqual(1, Threads("taskset", "--cpu-list", "0"));
        Assert.AreEqual(Environment.ProcessorCount, Threads("env"));
    }

    [TestMethod]
    public void ThereAreNoMoreThreadsThanProcessorsOfTheQuota()
    {
        // A container's limit on processor time, as cgroups of either version state it: one
        // processor of several.
        bool unified = File.Exists(Path.Combine(Hierarchy, "cgroup.controllers"));
        string group = Path.Combine(Hierarchy, unified ? "" : "cpu", $"revup-{Environment.ProcessId}");
        try
        {
            Directory.CreateDirectory(group);
            string quota = unified ? "echo '100000 100000' > \"$0/cpu.max\"" : "echo 100000 > \"$0/cpu.cfs_quota_us\"";
            Assert.AreEqual(1, Threads("sh", "-c", quota + " && echo $$ > \"$0/cgroup.procs\" && exec \"$@\"", group));
        }
        catch (Exception exception) when (exception is UnauthorizedAccessException or IOException)
        {
            Assert.Inconclusive($"Limiting a process's share needs the right to make cgroups: {exception.Message}");
        }
        finally
        {
            if (Directory.Exists(group))
            {
                Directory.Delete(group);
            }
        }
    }

    // libgomp prints its settings when it is loaded.
    private static int SpinCount(params (string Name, string Value)[] variables)
    {
        string[] settings = [.. variables.Select(one => $"{one.Name}={one.Value}")];
        using Process process = ToolProcess.StartBehind(["env", "OMP_DISPLAY_ENV=verbose", .. settings], ["devices"]);
        Match match = SpinCountLine().Match(process.Finish().Error);
        Assert.IsTrue(match.Success, "libgomp printed no GOMP_SPINCOUNT");
        return int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture);
    }

    private static int Threads(params string[] command)
    {
        using Process process = ToolProcess.StartBehind(command, ["devices", "--json"]);
        return process.Finish().Json.GetProperty("devices")[0].GetProperty("threads").GetInt32();
    }

    [GeneratedRegex(@"GOMP_SPINCOUNT = '(\d+)'")]
    private static partial Regex SpinCountLine();
}
