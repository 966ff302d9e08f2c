using System.Globalization;
using System.Reflection;
using System.Runtime.InteropServices;

namespace RevUp.Tests.Architecture;

/// <summary>
/// The imports and enumerations of NVIDIA's libraries agree with NVIDIA's headers, of which
/// nvidia-headers.txt has the facts.
/// </summary>
[TestClass]
public sealed class NvidiaHeaderTests
{
    private static readonly string[] s_libraries = ["cuda", "cudnn", "cublasLt", "nccl"];

    private static readonly string[] s_namespaces = ["Cuda", "Cudnn", "CublasLt", "Nccl"];

    private static readonly string[][] s_facts =
        [.. Repository.Read("tests/RevUp.Tests/Architecture/nvidia-headers.txt").Split('\n')
            .Where(line => line.Length > 0 && line[0] != '#').Select(line => line.Split(' '))];

    private static Assembly Interop => Assembly.Load("RevUp.Interop");

    [TestMethod]
    public void EveryImportIsDeclaredAsInNvidiasHeader()
    {
        Dictionary<string, string[]> declared =
            s_facts.Where(fact => fact[0] == "function").ToDictionary(fact => fact[1], fact => fact[2..]);
        ILookup<string, MethodInfo> imports = NativeImports.Methods(Interop)
            .Where(import => s_libraries.Contains(NativeImports.Describe(import).Library))
            .ToLookup(import => NativeImports.Describe(import).EntryPoint);
        Assert.IsGreaterThan(80, imports.Count);
        List<string> faults = [.. declared.Keys.Except(imports.Select(import => import.Key)).Select(
            name => $"{name} is listed and not imported")];
        foreach (MethodInfo import in imports.SelectMany(import => import))
        {
            string name = NativeImports.Describe(import).EntryPoint;
            string[] bound = [Class(import.ReturnType), .. import.GetParameters().Select(p => Class(p.ParameterType))];
            if (!declared.TryGetValue(name, out string[]? header))
            {
                faults.Add($"{name} {string.Join(' ', bound)} is not listed");
            }
            else if (header.Length != bound.Length || !header.Zip(bound).All(pair => Agree(pair.First, pair.Second)))
            {
                faults.Add($"{name} is {string.Join(' ', bound)}, in NVIDIA's header {string.Join(' ', header)}");
            }
        }
        Assert.IsEmpty(faults, string.Join('\n', faults));
    }

    [TestMethod]
    public void EveryValueOfAnEnumerationIsAsInNvidiasHeader()
    {
        string[] listed = [.. s_facts.Where(fact => fact[0] == "value").Select(fact => $"{fact[1]} {fact[3]}")];
        string[] named = [.. Interop.GetTypes()
            .Where(type => type.IsEnum && s_namespaces.Contains(type.Namespace!.Split('.')[^1]))
            .SelectMany(type => type.GetEnumNames().Select(name => string.Create(
                CultureInfo.InvariantCulture, $"{type.Name}.{name} {Convert.ToInt64(Enum.Parse(type, name))}")))];
        Assert.IsGreaterThan(90, named.Length);
        Assert.IsEmpty(named.Except(listed), $"not as listed: {string.Join(", ", named.Except(listed))}");
        Assert.IsEmpty(listed.Except(named), $"not in RevUp: {string.Join(", ", listed.Except(named))}");
    }

    [TestMethod]
    [DataRow("4", typeof(uint))]
    [DataRow("8", typeof(nuint))]
    [DataRow("f4", typeof(float))]
    [DataRow("s16", typeof(Guid))]
    [DataRow("*4", typeof(int*))]
    [DataRow("*8", typeof(nint*))]
    [DataRow("*", typeof(void*))]
    public void ATypeHasTheClassOfItsPlaceInACall(string expected, Type type) => Assert.AreEqual(expected, Class(type));

    [TestMethod]
    [DataRow("*", "8", true)]
    [DataRow("*4", "*", true)]
    [DataRow("*8", "*4", false)]
    [DataRow("8", "4", false)]
    [DataRow("4", "f4", false)]
    [DataRow("8", "*8", false)]
    public void ClassesAgreeWhereTheCallReadsTheSame(string header, string bound, bool agree) =>
        Assert.AreEqual(agree, Agree(header, bound));

    /// <summary>
    /// A handle is a number of 8 bytes in C#, and a pointer to anything fits every pointer.
    /// </summary>
    private static bool Agree(string header, string bound) =>
        header == bound || (header[0] == '*' && (bound is "8" or "*")) || (header == "*" && bound[0] == '*');

    /// <summary>A blittable type as nvidia-headers.txt names it.</summary>
    private static string Class(Type type)
    {
        if (type.IsPointer)
        {
            Type element = type.GetElementType()!;
            return element == typeof(void) ? "*" : element.IsPointer ? "*8" : $"*{Class(element)}";
        }
        if (type == typeof(void))
        {
            return "v";
        }
        if (type == typeof(float) || type == typeof(double))
        {
            return type == typeof(float) ? "f4" : "f8";
        }
        Type stored = type.IsEnum ? type.GetEnumUnderlyingType() : type;
        int bytes = Marshal.SizeOf(stored);
        return stored.IsPrimitive || bytes == sizeof(ulong) ? $"{bytes}" : $"s{bytes}";
    }
}
