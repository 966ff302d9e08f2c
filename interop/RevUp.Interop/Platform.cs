using System.Runtime.Intrinsics.X86;

namespace RevUp.Interop;

/// <summary>The system and the processor that native libraries run on.</summary>
internal static class Platform
{
    /// <summary>The runtime identifier that the package has native libraries for.</summary>
    public const string Supported = "linux-x64";

    /// <summary>
    /// The runtime identifier of this process without the name of a distribution, such as
    /// linux-musl-arm64.
    /// </summary>
    public static string Identifier { get; } = Name(
        OperatingSystem.IsWindows() ? "win" : OperatingSystem.IsMacOS() ? "osx" : "linux",
        RuntimeInformation.RuntimeIdentifier, RuntimeInformation.ProcessArchitecture);

    /// <summary>A runtime identifier.</summary>
    /// <param name="system">Its first word.</param>
    /// <param name="runtime">
    /// The runtime's own identifier, which tells the C library of a Linux.
    /// </param>
    /// <param name="architecture">Its last word.</param>
    internal static string Name(string system, string runtime, Architecture architecture)
    {
        bool isMusl = runtime.Contains("musl", StringComparison.Ordinal)
            || runtime.Contains("alpine", StringComparison.Ordinal);
        return $"{system}{(isMusl ? "-musl" : "")}-{architecture.ToString().ToLowerInvariant()}";
    }

    /// <summary>Refuses a processor that would stop at an illegal instruction.</summary>
    /// <exception cref="DllNotFoundException">
    /// An x64 processor without the instructions of x86-64-v3.
    /// </exception>
    public static void RequireProcessor()
    {
        if (X86Base.IsSupported && Lacking(Registers) is { Length: > 0 } lacking)
        {
            throw new DllNotFoundException(
                $"RevUp's native libraries need {string.Join(", ", lacking)}, which this processor lacks: use a "
                + "processor of 2013 or later, or let the virtual machine show all that its host has.");
        }
    }

    /// <summary>Instructions of x86-64-v3 that a processor lacks.</summary>
    /// <param name="cpuId">The registers B and C that CPUID gives for a function.</param>
    internal static string[] Lacking(Func<int, (int B, int C)> cpuId)
    {
        (int basic, int extended, int more) = (cpuId(1).C, cpuId(7).B, cpuId(unchecked((int)0x8000_0001)).C);
        (string Name, bool Has)[] needs =
        [
            ("AVX2", Bit(extended, 5) && Bit(basic, 27)), // and the system keeps its registers
            ("FMA", Bit(basic, 12)),
            ("BMI2", Bit(extended, 8)),
            ("LZCNT", Bit(more, 5)),
        ];
        return [.. needs.Where(need => !need.Has).Select(need => need.Name)];

        static bool Bit(int register, int number) => (register >> number & 1) != 0;
    }

    // Not Avx2.IsSupported and its like: compiled ahead of time, they may tell of the code alone.
    private static (int B, int C) Registers(int function)
    {
        (_, int b, int c, _) = X86Base.CpuId(function, 0);
        return (b, c);
    }
}
