using RevUp.Backends.Cuda;

namespace RevUp.Tests.Architecture;

/// <summary>
/// The CUDA backend looks up exactly the kernels that native/cuda exports; needs neither a GPU nor
/// its compiler.
/// </summary>
[TestClass]
public sealed partial class CudaKernelTests
{
    /// <summary>Names of the kernels in native/cuda.</summary>
    public static string[] Exported => [.. Repository.Files(".cu").Where(
        path => path.StartsWith("native/cuda/", StringComparison.Ordinal)).SelectMany(Exports)];

    [TestMethod]
    public void EveryKernelIsLookedUpAndEveryLookUpFindsAKernel()
    {
        string[] exported = Exported;
        Assert.IsGreaterThan(30, exported.Length);
        List<string> names = [];

        _ = new KernelTable(name =>
        {
            names.Add(name);
            return default;
        });

        Assert.IsEmpty(exported.Except(names), $"never looked up: {string.Join(", ", exported.Except(names))}");
        Assert.IsEmpty(names.Except(exported), $"in no source: {string.Join(", ", names.Except(exported))}");
        Assert.HasCount(exported.Length, names);
    }

    /// <summary>
    /// The names that a file exports: literally, or by a macro that pastes them from the types it
    /// is called with.
    /// </summary>
    private static IEnumerable<string> Exports(string path)
    {
        string source = Repository.Read(path);
        foreach (Match export in Export().Matches(source))
        {
            string name = export.Groups["name"].Value;
            if (!name.Contains("##", StringComparison.Ordinal))
            {
                yield return name;
                continue;
            }
            Match macro = Macro().Matches(source[..export.Index])[^1];
            string[] parameters = macro.Groups["parameters"].Value.Split(", ");
            foreach (Match call in
                Regex.Matches(source, $@"^{macro.Groups["name"].Value}\((?<types>[^)]*)\)", RegexOptions.Multiline))
            {
                Dictionary<string, string> types =
                    parameters.Zip(call.Groups["types"].Value.Split(", ")).ToDictionary();
                yield return string.Concat(name.Split("##").Select(part => types.GetValueOrDefault(part, part)));
            }
        }
    }

    [GeneratedRegex(@"^ *KERNEL_EXPORT\((?<name>[\w#]+)\)", RegexOptions.Multiline)]
    private static partial Regex Export();

    [GeneratedRegex(@"^#define (?<name>\w+)\((?<parameters>[^)]*)\)", RegexOptions.Multiline)]
    private static partial Regex Macro();
}
