using System.Reflection;
using System.Runtime.InteropServices;

namespace RevUp.Tests.Architecture;

/// <summary>One native import of an assembly: the library's name and the function's.</summary>
internal sealed record NativeImport(string Library, string EntryPoint);

/// <summary>
/// Reads the native imports of an assembly from its metadata, where a LibraryImport and a DllImport
/// look the same.
/// </summary>
internal static class NativeImports
{
    private const BindingFlags AllMethods =
        BindingFlags.Static | BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic
        | BindingFlags.DeclaredOnly;

    /// <summary>Every import, the bodies that the source generator writes included.</summary>
    public static IReadOnlyList<NativeImport> Of(Assembly assembly) => [.. Methods(assembly).Select(Describe)];

    /// <summary>The methods that are imports, with the types that cross the border.</summary>
    public static IEnumerable<MethodInfo> Methods(Assembly assembly) =>
        assembly.GetTypes().SelectMany(type => type.GetMethods(AllMethods)).Where(
            method => method.Attributes.HasFlag(MethodAttributes.PinvokeImpl));

    /// <summary>Library and function of an import.</summary>
    public static NativeImport Describe(MethodInfo import)
    {
        DllImportAttribute attribute = import.GetCustomAttribute<DllImportAttribute>()!;
        return new NativeImport(attribute.Value, attribute.EntryPoint!);
    }
}
