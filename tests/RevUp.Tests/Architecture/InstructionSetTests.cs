using System.Runtime.InteropServices;
using Processor = System.Runtime.InteropServices.Architecture;

namespace RevUp.Tests.Architecture;

/// <summary>
/// The object files that the CPU library chooses from: one for each instruction set of x64.
/// </summary>
[TestClass]
public sealed partial class InstructionSetTests
{
    /// <summary>
    /// A processor without AVX-512 runs nothing of the object file that has it. A static
    /// constructor would run everywhere, and a second visible symbol might replace another file's
    /// function.
    /// </summary>
    [TestMethod]
    [DataRow("x86-64-v3", false)]
    [DataRow("x86-64-v4", true)]
    public void AnInstructionSetKeepsToItself(string set, bool isWide)
    {
        if (RuntimeInformation.ProcessArchitecture != Processor.X64)
        {
            Assert.Inconclusive("The library has one instruction set on this processor.");
        }

        string file = Path.Combine(Repository.Root, "artifacts", "cmake", "native", $"{set}.o");
        string code = Output("objdump", "-d", "--no-show-raw-insn", file);
        Assert.IsGreaterThan(10_000, code.Count(letter => letter == '\n'));
        Assert.AreEqual(isWide, WideRegister().IsMatch(code));
        Assert.DoesNotContain(".init_array", Output("objdump", "-h", file));
        string[] visible = Output("nm", "--defined-only", "--extern-only", file).TrimEnd().Split('\n');
        Assert.HasCount(1, visible, string.Join('\n', visible));
        Assert.EndsWith(" revup_" + set.Replace('-', '_'), visible[0]);
    }

    private static string Output(string program, params string[] arguments)
    {
        using Process process = Process.Start(
            new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true })!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.AreEqual(0, process.ExitCode, program);
        return output;
    }

    [GeneratedRegex(@"%zmm|\{%k[1-7]\}|%[xy]mm(1[6-9]|2\d|3[01])")]
    private static partial Regex WideRegister();
}
