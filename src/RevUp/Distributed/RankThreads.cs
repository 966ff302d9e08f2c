namespace RevUp.Distributed;

/// <summary>Share of a rank in the processors of its node.</summary>
internal static class RankThreads
{
    private const string Field = "Cpus_allowed_list:";

    /// <summary>
    /// Threads for this rank: ranks of a node that may use the same processors share them. A
    /// launcher that binds each rank to processors of its own has shared them already.
    /// </summary>
    /// <param name="ranks">All ranks, which call it together.</param>
    /// <param name="isBound">
    /// Whether the launcher has bound this rank to fewer processors than its share of the node.
    /// </param>
    public static int Share(Collective ranks, out bool isBound)
    {
        Site own = new(Environment.MachineName, Allowed(), Environment.ProcessorCount);
        return Share(own, ranks.Gather(own, RankJson.Default.Site, "the names of nodes"), Online(), out isBound);
    }

    /// <summary>The same from what the ranks may use.</summary>
    /// <param name="own">This rank.</param>
    /// <param name="all">Every rank.</param>
    /// <param name="online">Processors of this rank's node.</param>
    /// <param name="isBound">As above.</param>
    internal static int Share(Site own, IReadOnlyCollection<Site> all, int online, out bool isBound)
    {
        Site[] node = [.. all.Where(other => other.Node == own.Node)];
        int sharers = node.Count(other => other.Processors == own.Processors);
        int shared = node.Select(other => other.Processors).Distinct().Count() > 1 ? online : own.Count;
        isBound = sharers == 1 && node.Length > 1 && own.Count < shared / node.Length;
        return Math.Max(1, own.Count / sharers);
    }

    private static string Allowed() => File.ReadLines("/proc/self/status")
        .FirstOrDefault(line => line.StartsWith(Field, StringComparison.Ordinal))?[Field.Length..].Trim() ?? "";

    // "0-63", or "0-31,48-63".
    private static int Online()
    {
        int count = 0;
        foreach (string range in File.ReadAllText("/sys/devices/system/cpu/online").Trim().Split(','))
        {
            int[] ends = [.. range.Split('-').Select(text => int.Parse(text, CultureInfo.InvariantCulture))];
            count += ends[^1] - ends[0] + 1;
        }
        return count;
    }

    /// <summary>Processors that a rank may use.</summary>
    /// <param name="Node">Name of its node.</param>
    /// <param name="Processors">List of processors, as the kernel writes it.</param>
    /// <param name="Count">Number of processors.</param>
    internal sealed record Site(string Node, string Processors, int Count);
}
