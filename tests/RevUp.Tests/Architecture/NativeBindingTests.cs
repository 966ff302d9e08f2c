using System.Reflection;

namespace RevUp.Tests.Architecture;

/// <summary>
/// The C headers and the bindings name the same functions, and each is defined once in the native
/// sources.
/// </summary>
[TestClass]
public sealed partial class NativeBindingTests
{
    // Of the CPU library, then of the library of images.
    private static readonly string[] s_headers =
    [
        "native/include/revup_cpu.h", "native/include/revup_loss.h", "native/include/revup_optimizer.h",
        "native/include/revup_image.h",
    ];

    private static string[] Oracles =>
        [.. Repository.Files(".cpp").Where(
            path => path.StartsWith("native/cpu/reference/", StringComparison.Ordinal)).SelectMany(Functions)];

    [TestMethod]
    public void EveryFunctionOfTheHeadersHasABindingAndTheOtherWayRound()
    {
        string[] declared = [.. s_headers.SelectMany(Functions).Concat(Oracles).Order(StringComparer.Ordinal)];
        string[] bound = [.. NativeImports.Of(Assembly.Load("RevUp.Interop"))
            .Where(import => import.Library is "revup_cpu" or "revup_image").Select(import => import.EntryPoint)
                .Distinct().Order(StringComparer.Ordinal)];
        Assert.IsGreaterThan(40, declared.Length);
        Assert.IsEmpty(declared.Except(bound), $"No binding: {string.Join(", ", declared.Except(bound))}");
        Assert.IsEmpty(bound.Except(declared), $"Not declared in C: {string.Join(", ", bound.Except(declared))}");
    }

    [TestMethod]
    public void TheRangesOfAProfilerAreBoundAsTheirHeaderDeclaresThem()
    {
        string[] declared = [.. Functions("native/include/revup_nvtx.h")];
        string[] bound = [.. NativeImports.Of(Assembly.Load("RevUp.Interop"))
            .Where(import => import.Library == "revup_nvtx").Select(import => import.EntryPoint)];
        Assert.IsNotEmpty(declared);
        CollectionAssert.AreEquivalent(declared, bound);
    }

    [TestMethod]
    public void EveryFunctionOfTheHeadersIsDefinedOnce()
    {
        string sources = string.Join('\n', Repository.Files(".cpp").Select(Repository.Read));
        foreach (string function in s_headers.SelectMany(Functions).Concat(Oracles))
        {
            // A definition starts a line; a call is indented.
            int definitions = Regex.Count(sources, $@"^(?!static )\w[\w ]* \*?{function}\(", RegexOptions.Multiline);
            Assert.AreEqual(1, definitions, $"{function} has {definitions} definitions in the native sources.");
        }
    }

    [TestMethod]
    public void EveryFastOperationHasANaiveTwin()
    {
        // What has no arithmetic to check, or whose arithmetic is a twin's: a packed convolution is
        // seen through fprop.
        string[] withoutArithmetic =
        [
            "abi_version", "last_error", "describe", "set_threads", "instruction_set", "supports", "reserve", "release",
            "fill", "cast", "normalize_all",
            "convolution_create", "convolution_destroy", "convolution_query", "convolution_pack",
        ];
        string[] operations =
            [.. s_headers[..3].SelectMany(Functions).Select(name => name["revup_".Length..]).Except(withoutArithmetic)];
        string[] twins = [.. Oracles.Select(name => name["revup_reference_".Length..])];
        CollectionAssert.AreEquivalent(operations, twins);
    }

    [TestMethod]
    [DataRow("cuda", "cuda_driver.h")]
    [DataRow("cudnn", "cudnn_legacy.h")]
    [DataRow("cublasLt", "cublaslt.h")]
    [DataRow("nccl", "nccl.h")]
    public void EveryFunctionOfNvidiaThatIsBoundHasAStandInAndTheOtherWayRound(string library, string header)
    {
        string[] declared = [.. StandIn().Matches(
            Repository.Read($"tests/cuda-on-cpu/include/{header}")).Select(match => match.Groups["name"].Value)];
        string[] bound = [.. NativeImports.Of(Assembly.Load("RevUp.Interop")).Where(
            import => import.Library == library).Select(import => import.EntryPoint)];
        CollectionAssert.AreEquivalent(bound, declared);
    }

    private static IEnumerable<string> Functions(string header) =>
        Declaration().Matches(Repository.Read(header)).Select(match => match.Groups["name"].Value);

    [GeneratedRegex(@"^REVUP_(NVTX_API|API|ORACLE) [\w ]+?[ *](?<name>revup_\w+)\(", RegexOptions.Multiline)]
    private static partial Regex Declaration();

    [GeneratedRegex(@"^CUDA_ON_CPU_API [\w\s]+?[\s*](?<name>(cu|nccl)\w+)\(", RegexOptions.Multiline)]
    private static partial Regex StandIn();
}
