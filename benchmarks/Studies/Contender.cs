using System.Diagnostics;
using System.Text.Json;
using RevUp.Backends.Cpu;
using RevUp.Reversible;
using RevUp.Tensors;
using static System.StringComparison;

namespace RevUp.Benchmarks.Studies;

/// <summary>
/// A contender in a study of whole steps: the peer under either setting of its allocator, or RevUp
/// under a policy.
/// </summary>
internal static class Contender
{
    /// <summary>The peer as it comes.</summary>
    public const string Peer = "peer";

    /// <summary>The peer whose freed memory goes back to the system at once.</summary>
    public const string PeerReturning = "peer-mmap";

    private const string Unconstrained = "-unconstrained";
    private const string BFloat16 = "-bf16";
    private const string Mixed = "-mixed";
    private const string Endings = $"{Mixed}, {BFloat16} and {Unconstrained}";

    /// <summary>Whether a name is the peer's.</summary>
    public static bool IsPeer(string name) => name is Peer or PeerReturning;

    /// <summary>
    /// Whether trained weights are of use to a contender: the peer has its own, and a network
    /// without control is another one.
    /// </summary>
    public static bool UsesWeights(string name) => !IsPeer(name) && !name.EndsWith(Unconstrained, Ordinal);

    /// <summary>Refuses what cannot be started, before anything is measured.</summary>
    /// <exception cref="ConfigurationException">
    /// There is no contender of this name, or it cannot have this number of channels.
    /// </exception>
    public static void Validate(string name, int channels)
    {
        if (!IsPeer(name))
        {
            Parse(name, new StepSize(Blocks: 1, channels, Batch: 1, Threads: 1), weights: "");
            return;
        }
        ConfigurationException.Require(
            channels == StepSize.PeerChannels,
            $"the peer's first stage has {StepSize.PeerChannels} channels, not {channels}; leave the peer out");
    }

    /// <summary>The contenders that this processor can run. The report names the others.</summary>
    /// <exception cref="StudyException">There is none.</exception>
    public static string[] Possible(IReadOnlyList<string> names, Report report)
    {
        using CpuBackend backend = new();
        if (backend.Supports(ElementType.BFloat16))
        {
            return [.. names];
        }
        ILookup<bool, string> possible = names.ToLookup(
            name => !name.Contains(BFloat16, Ordinal) && !name.Contains(Mixed, Ordinal));
        string left = string.Join(", ", possible[false].Select(name => $"`{name}`"));
        if (left.Length > 0)
        {
            report.LeaveOut($"{left}: this processor does not compute in bfloat16 ({backend.Description}).");
        }
        return possible[true].Any()
            ? [.. possible[true]]
            : throw new StudyException($"No contender is left on this processor, which cannot run {left}.");
    }

    /// <summary>
    /// How to start the process of a contender that <see cref="Validate"/> accepts.
    /// </summary>
    public static ProcessStartInfo Start(string name, StepSize size, string weights)
    {
        if (!IsPeer(name))
        {
            return Worker.Self(StepWorker.Name, JsonSerializer.Serialize(Parse(name, size, weights)));
        }
        return TorchSharpPeer.Start(
            returns: name == PeerReturning, "step", $"{size.Blocks}", $"{size.Batch}", $"{size.Threads}");
    }

    private static StepCase Parse(string name, StepSize size, string weights)
    {
        string rest = name;
        bool unconstrained = Remove(ref rest, Unconstrained);
        BranchPrecision precision = Remove(ref rest, BFloat16) ? BranchPrecision.BFloat16 : BranchPrecision.Float32;
        EvaluationPrecision evaluations =
            Remove(ref rest, Mixed) ? EvaluationPrecision.Mixed : EvaluationPrecision.Full;
        ConfigurationException.Require(
            PlanName.TryParse(rest, out MemoryPlan plan),
            $"--contenders has '{name}'; use {Peer}, {PeerReturning} or {PlanName.All}, also with {Endings} behind");
        return new StepCase(
            plan, unconstrained ? LipschitzMode.None : LipschitzMode.PerBranch, precision, evaluations, size, weights);
    }

    private static bool Remove(ref string name, string ending)
    {
        bool ends = name.EndsWith(ending, Ordinal);
        name = ends ? name[..^ending.Length] : name;
        return ends;
    }
}
