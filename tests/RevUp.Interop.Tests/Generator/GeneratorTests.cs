using RevUp.Operations.Reading;
using RevUp.Operations.Writing;

namespace RevUp.Interop.Tests.Generator;

/// <summary>
/// An operation that a backend does not have yet, from its native sources to C#, and faults in
/// them.
/// </summary>
[TestClass]
internal sealed class GeneratorTests
{
    private const string Header = """
        // y = x * s + t
        // @ x, y [rows, channels]; s, t? []; y may be x
        REVUP_API revup_status revup_scale_rows(int64_t rows, int64_t channels, revup_type x_type, const void *x,
                                                const float *s, const float *t, float *y);
        """;

    private const string Kernel = """
        // y = x * s + t
        // Geometry: Elementwise over y; one element per thread and step.
        #define SCALE_ROWS(X)                                                              \
          extern "C" __global__ void __launch_bounds__(kThreads) scale_rows_##X(           \
              long long rows, long long channels, const X *x, const float *s, const float *t, float *y) {} \
          KERNEL_EXPORT(scale_rows_##X)

        SCALE_ROWS(f32)
        SCALE_ROWS(bf16)
        """;

    [TestMethod]
    internal void AnOperationNeedsNoCSharp()
    {
        Dictionary<string, string> texts = Write(Header, Kernel);

        StringAssert.Contains(
            texts["Backend"], "public abstract void ScaleRows(Tensor x, Tensor s, Tensor t, Tensor y);");
        StringAssert.Contains(
            texts["CpuBackend"],
            "CpuLibrary.ScaleRows(Rows(x), x.Shape.Channels, (CpuType)x.Type, (void*)x.Address, (float*)s.Address, "
            + "(float*)t.Address, (float*)y.Address).Check();");
        StringAssert.Contains(
            texts["CudaBackend"],
            "_launcher.Elementwise(_kernels.ScaleRows(x.Type), y.Count, [Rows(x), x.Shape.Channels, x, s, t, y]);");
        StringAssert.Contains(texts["KernelTable"], "[find(\"scale_rows_f32\"), find(\"scale_rows_bf16\")]");
    }

    [TestMethod]
    internal void AKernelWithoutAnOverIsLaunchedByHand() =>
        Assert.DoesNotContain("ScaleRows", Write(Header, Changed(Kernel, " over y", ""))["CudaBackend"]);

    [TestMethod]
    [DataRow("x, y [rows", "z, y [rows", "revup_scale_rows: its description names 'z', which is no parameter")]
    [DataRow("; y may be x", "; y could be x", "revup_scale_rows: 'y could be x' of its description cannot be read")]
    [DataRow("[rows, channels]", "[rows, 2 * channels]", "no tensor has the size 'channels'")]
    [DataRow("const float *s", "const quarter *s", "The C type 'quarter' has no C# type yet")]
    internal void FaultsOfADescriptionAreNamed(string part, string fault, string message) =>
        AssertUnreadable(Changed(Header, part, fault), Kernel, message);

    [TestMethod]
    [DataRow("const float *s,", "const float *sigma,", "scale_rows: its parameter 'sigma' is none of revup_scale_rows")]
    [DataRow("Elementwise over y", "Diagonal over y", "scale_rows: 'Diagonal over y' is no geometry")]
    [DataRow("__global__ void", "void", "there is no kernel above KERNEL_EXPORT(scale_rows_##X)")]
    internal void FaultsOfAKernelAreNamed(string part, string fault, string message) =>
        AssertUnreadable(Header, Changed(Kernel, part, fault), message);

    /// <summary>
    /// The table of kernels is indexed: a missing or displaced variant would launch another one.
    /// </summary>
    [TestMethod]
    internal void VariantsAreCompleteAndInOrder()
    {
        string two = Changed(Changed(Kernel, "(X)  ", "(X, Y)"), "##X", "##X##_##Y");
        string calls = two[..two.IndexOf("SCALE_ROWS(f32)", StringComparison.Ordinal)];
        string[] all = ["(f32, f32)", "(f32, bf16)", "(bf16, f32)", "(bf16, bf16)"];
        foreach (string[] wrong in (string[][])[all[..3], [all[0], all[2], all[1], all[3]]])
        {
            string kernel = calls + string.Concat(wrong.Select(variant => $"SCALE_ROWS{variant}\n"));
            AssertUnreadable(Header, kernel, "lacks variants or has them in another order");
        }
    }

    private static string Changed(string text, string part, string change) =>
        text.Replace(part, change, StringComparison.Ordinal);

    private static void AssertUnreadable(string header, string kernel, string message) =>
        StringAssert.Contains(Assert.ThrowsExactly<UnreadableException>(() => Write(header, kernel)).Message, message);

    private static Dictionary<string, string> Write(string header, string kernel) =>
        BackendWriter.Write(NativeSources.Read([("revup_cpu.h", header), ("scale_rows.cu", kernel)]))
            .ToDictionary(file => file.Name, file => file.Text);
}
