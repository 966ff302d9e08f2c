using System.Reflection;
using System.Runtime.InteropServices;
using RevUp.Interop.Cpu;

namespace RevUp.Interop;

/// <summary>
/// The one resolver of this assembly's native imports: every native library is an entry of its table, loaded once and verified before its first call.
/// </summary>
internal static class NativeLibraries
{
    internal const string Cpu = "revup_cpu";

    private static readonly NativeLibraryEntry[] s_entries =
    [
        new(Cpu, "librevup_cpu.so", "REVUP_CPU_LIBRARY", "Run ./build.sh in the repository to build it.", CpuLibrary.VerifyVersion),
    ];

    private static readonly Dictionary<string, Lazy<nint>> s_handles = s_entries.ToDictionary(entry => entry.Name, entry => new Lazy<nint>(() => Load(entry)));

    static NativeLibraries() => NativeLibrary.SetDllImportResolver(typeof(NativeLibraries).Assembly, Resolve);

    /// <summary>Installs the resolver; called by the static constructor of every class that imports.</summary>
    internal static void Register()
    {
        // The static constructor above does the work, exactly once: the runtime refuses a second resolver.
    }

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? searchPath) =>
        s_handles.TryGetValue(name, out Lazy<nint>? handle) ? handle.Value : 0;

    private static nint Load(NativeLibraryEntry entry)
    {
        string? overridePath = Environment.GetEnvironmentVariable(entry.EnvironmentVariable);
        IReadOnlyList<string> places = entry.Places(overridePath, AppContext.BaseDirectory, RuntimeInformation.RuntimeIdentifier);
        (nint handle, string place) = entry.Load(places);
        entry.Verify(handle, place);
        return handle;
    }
}
