namespace RevUp.Interop.Cpu;

/// <summary>
/// The C ABI of the CPU library, one method per function of revup_cpu.h, which is the contract.
/// RevUp.Operations writes the imports from it. Every method but three returns a status; see
/// <see cref="CpuStatusExtensions.Check"/>.
/// </summary>
internal static partial class CpuLibrary
{
    static CpuLibrary() => NativeLibraries.Register();

    /// <summary>
    /// Refuses a library of another ABI before any of its functions can misread its arguments.
    /// </summary>
    /// <exception cref="BadImageFormatException">
    /// The version differs, or the library does not state one.
    /// </exception>
    internal static void VerifyVersion(nint library, string place) =>
        NativeLibraryEntry.VerifyVersion(library, place, "revup_abi_version", ExpectedAbiVersion);
}

/// <summary>
/// The oracle: the float64 twins of the operations, written by RevUp.Operations from
/// native/cpu/reference.
/// </summary>
internal static partial class CpuReference
{
    static CpuReference() => NativeLibraries.Register();
}
