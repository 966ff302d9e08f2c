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
    /// <param name="runtime">The runtime's own identifier, which tells the C library of a Linux.</param>
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
        if (X86Base.IsSupported && !(Avx2.IsSupported && Fma.IsSupported && Bmi2.IsSupported && Lzcnt.IsSupported))
        {
            throw new DllNotFoundException(
                "RevUp's native libraries need AVX2, FMA, BMI2 and LZCNT, which this processor lacks or a variable "
                + "such as DOTNET_EnableAVX2 hides: use a processor that has them, or unset the variable.");
        }
    }
}
