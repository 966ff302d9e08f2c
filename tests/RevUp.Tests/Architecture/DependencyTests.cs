using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Xml.Linq;

namespace RevUp.Tests.Architecture;

/// <summary>
/// Arrows run one way: RevUp.Cli → RevUp → RevUp.Interop → native, with native imports in
/// RevUp.Interop alone.
/// </summary>
[TestClass]
public sealed class DependencyTests
{
    [TestMethod]
    [DataRow("interop/RevUp.Interop/RevUp.Interop.csproj", "")]
    [DataRow("src/RevUp/RevUp.csproj", "RevUp.Interop")]
    [DataRow("src/RevUp.Cli/RevUp.Cli.csproj", "RevUp")]
    public void ProjectReferencesOnlyTheLayerBelow(string project, string layerBelow)
    {
        string[] references = [.. XDocument.Parse(Repository.Read(project)).Descendants("ProjectReference")
            .Select(
                reference => Path.GetFileNameWithoutExtension(
                    ((string)reference.Attribute("Include")!).Replace('\\', '/')))];
        string[] expected = layerBelow.Length == 0 ? [] : [layerBelow];
        CollectionAssert.AreEqual(expected, references, $"{project} references {string.Join(", ", references)}");
    }

    [TestMethod]
    [DataRow("RevUp.Interop", "")]
    [DataRow("RevUp", "RevUp.Interop")]
    [DataRow("RevUp.Cli", "RevUp")]
    public void AssemblyUsesOnlyTheLayerBelow(string assembly, string layerBelow)
    {
        string[] used = [.. TypesOfOthers(assembly)
            .Where(type => type.Assembly.StartsWith("RevUp", StringComparison.Ordinal))
            // The base of all exceptions lies below all that throw; every layer may catch it.
            .Where(type => type.Name != nameof(RevUpException))
            .Select(type => type.Assembly).Distinct()];
        string[] expected = layerBelow.Length == 0 ? [] : [layerBelow];
        CollectionAssert.AreEqual(expected, used, $"{assembly} uses {string.Join(", ", used)}");
    }

    [TestMethod]
    public void EveryProjectIsInTheSolution()
    {
        // A peer, or the plotter, is built by what runs it: the packages take hundreds of
        // megabytes. A sample is someone else's program.
        string[] onRequest = ["Peer.csproj", "Plotter.csproj"];
        string[] projects = [.. Repository.Files(".csproj")
            .Where(
                path => !onRequest.Any(name => path.EndsWith(name, StringComparison.Ordinal))
                    && !path.StartsWith("samples/", StringComparison.Ordinal))];
        Assert.IsGreaterThanOrEqualTo(6, projects.Length);
        string solution = Repository.Read("RevUp.sln").Replace('\\', '/');
        foreach (string project in projects)
        {
            Assert.Contains(
                $"\"{project}\"", solution, $"{project} is missing from RevUp.sln; add it with `dotnet sln add`.");
        }
    }

    [TestMethod]
    public void OnlyTheInteropAssemblyImportsNativeFunctions()
    {
        Assert.IsNotEmpty(NativeImports.Of(Load("RevUp.Interop")));
        foreach (string assembly in (string[])["RevUp", "RevUp.Cli", "RevUp.Tests"])
        {
            string[] imports = [.. NativeImports.Of(Load(assembly)).Select(import => import.EntryPoint)];
            Assert.IsEmpty(
                imports, $"{assembly} imports {string.Join(", ", imports)}; native imports belong to RevUp.Interop.");
        }
    }

    private static List<(string Assembly, string Name)> TypesOfOthers(string assembly)
    {
        using PEReader file = new(File.OpenRead(Path.Combine(AppContext.BaseDirectory, assembly + ".dll")));
        MetadataReader reader = file.GetMetadataReader();
        List<(string, string)> types = [];
        foreach (TypeReference type in reader.TypeReferences.Select(reader.GetTypeReference))
        {
            if (type.ResolutionScope.Kind == HandleKind.AssemblyReference)
            {
                AssemblyReference other = reader.GetAssemblyReference((AssemblyReferenceHandle)type.ResolutionScope);
                types.Add((reader.GetString(other.Name), reader.GetString(type.Name)));
            }
        }
        return types;
    }

    private static Assembly Load(string name) =>
        Assembly.LoadFrom(Path.Combine(AppContext.BaseDirectory, name + ".dll"));
}
