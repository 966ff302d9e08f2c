using System.Diagnostics;
using System.Globalization;
using System.Runtime.Intrinsics.X86;
using RevUp.Interop.Posix;

namespace RevUp.Interop.Cpu;

/// <summary>
/// How long a thread of GNU's OpenMP spins at the end of a parallel region before it sleeps.
/// libgomp's own default is about 10 ms. On a shared machine such a thread holds the processor for
/// which the others wait: a step took 2.5 and 5.7 times as long beside one and two busy processes.
/// oneDNN's larger primitives run on these threads; all other loops run on the native library's own
/// threads, which adapt their waits.
/// </summary>
/// <remarks>Measurements: <c>benchmarks/results/neighbours.md</c>.</remarks>
internal static class OpenMpWaits
{
    /// <summary>Variables by which a user decides for himself.</summary>
    internal static readonly string[] Variables = ["GOMP_SPINCOUNT", "OMP_WAIT_POLICY"];

    private const int TypicalSpins = 500;

    private static readonly TimeSpan s_patience = TimeSpan.FromMicroseconds(16);

    /// <summary>
    /// Sets GOMP_SPINCOUNT in the C environment, where libgomp reads it once, when it is loaded.
    /// </summary>
    /// <remarks>
    /// Without effect if the process has loaded libgomp already, or if the user has set a variable.
    /// </remarks>
    internal static void Limit()
    {
        if (OperatingSystem.IsLinux() && Variables.All(name => Environment.GetEnvironmentVariable(name) is null))
        {
            CEnvironment.Propose(Variables[0], Spins().ToString(CultureInfo.InvariantCulture));
        }
    }

    /// <summary>
    /// Spins of libgomp, one pause instruction each, within the patience of a thread.
    /// </summary>
    internal static int Spins()
    {
        const int Batch = 256;
        if (!X86Base.IsSupported)
        {
            return TypicalSpins;
        }
        // A pause takes from 4 to 50 ns, depending on the processor. The fastest batch was not
        // interrupted.
        TimeSpan fastest = TimeSpan.MaxValue;
        for (int attempt = 0; attempt < 8; attempt++)
        {
            long start = Stopwatch.GetTimestamp();
            for (int i = 0; i < Batch; i++)
            {
                X86Base.Pause();
            }
            TimeSpan elapsed = Stopwatch.GetElapsedTime(start);
            fastest = elapsed < fastest ? elapsed : fastest;
        }
        return (int)Math.Clamp(Batch * (s_patience / fastest), TypicalSpins / 4, TypicalSpins * 8);
    }
}
