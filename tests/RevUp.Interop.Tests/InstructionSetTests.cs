using System.Runtime.Intrinsics.X86;

namespace RevUp.Interop.Tests;

/// <summary>
/// The CPU library has its loops for AVX2 and for AVX-512 and chooses when it is loaded. Both
/// choices are tested: ./build.sh test-avx2 runs this assembly with REVUP_MAX_ISA.
/// </summary>
[TestClass]
internal sealed class InstructionSetTests
{
    [TestMethod]
    internal unsafe void TheChoiceFollowsTheProcessorAndTheVariable()
    {
        if (RuntimeInformation.ProcessArchitecture != Architecture.X64
            || !string.IsNullOrEmpty(Environment.GetEnvironmentVariable("REVUP_CPU_LIBRARY")))
        {
            Assert.Inconclusive("This library was compiled for one instruction set.");
        }

        bool isWide = Avx512F.VL.IsSupported && Avx512BW.IsSupported && Avx512CD.IsSupported && Avx512DQ.IsSupported
            && Environment.GetEnvironmentVariable("REVUP_MAX_ISA") != "avx2";
        Assert.AreEqual(
            isWide ? "x86-64-v4" : "x86-64-v3", Marshal.PtrToStringUTF8((nint)CpuLibrary.InstructionSet()));
    }
}
