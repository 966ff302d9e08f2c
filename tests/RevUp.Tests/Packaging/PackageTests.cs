using System.IO.Compression;
using System.Xml.Linq;
using RevUp.Tests.Distributed;

namespace RevUp.Tests.Packaging;

/// <summary>
/// The NuGet package as an embedder gets it: freshly made, restored from a folder, and used by a
/// program outside this checkout.
/// </summary>
[TestClass]
public sealed class PackageTests : FolderTest
{
    private const string Assemblies = "lib/net10.0/";
    private const string Libraries = "runtimes/linux-x64/native/";
    private static readonly string s_feed = Path.Combine(Repository.Root, "artifacts", "packages");

    // No compiler or build server outlives the test.
    private static readonly (string Name, string Value)[] s_noServers =
        [("MSBUILDDISABLENODEREUSE", "1"), ("UseSharedCompilation", "false")];

    private static readonly string[] s_sources = ["--source", s_feed, "--source", Restored(), "-tl:off"];

    private static readonly string[] s_runtimes =
        ["microsoft.dotnet.ilcompiler", "microsoft.net", "runtime.linux-x64."];

    [ClassInitialize]
    public static void Pack(TestContext _) =>
        Run(Repository.Root, s_noServers, Path.Combine(Repository.Root, "build.sh"), "pack");

    [TestMethod]
    public void OnePackageHasTheAssembliesTheirDocumentationAndTheNativeLibraries()
    {
        using ZipArchive package = Open();
        string[] names = [.. package.Entries.Select(entry => entry.FullName)];
        string[] expected =
        [
            Assemblies + "RevUp.dll", Assemblies + "RevUp.xml", Assemblies + "RevUp.Interop.dll",
            Assemblies + "RevUp.Interop.xml",
            Libraries + "librevup_cpu.so", Libraries + "librevup_image.so", Libraries + "libdnnl.so.2", "README.md",
            "THIRD-PARTY-NOTICES.txt", "icon.png", "buildTransitive/RevUp.targets",
        ];
        CollectionAssert.IsSubsetOf(expected, names, string.Join('\n', names));
        CollectionAssert.AreEqual(new[] { "net10.0" }, names.Where(
            name => name.StartsWith("lib/", StringComparison.Ordinal))
            .Select(name => name.Split('/')[1]).Distinct().ToArray());
        string notices = Encoding.UTF8.GetString(Read(package, "THIRD-PARTY-NOTICES.txt"));
        foreach (string library in
            names.Where(name => name.StartsWith(Libraries, StringComparison.Ordinal))
                .Select(name => name[Libraries.Length..]))
        {
            bool own = library.StartsWith("librevup_", StringComparison.Ordinal);
            Assert.AreEqual(!own, notices.Contains($"== {library}, from ", StringComparison.Ordinal), library);
        }
        Assert.Contains("Apache License", notices);
    }

    [TestMethod]
    public void TheDescriptionNamesTheVersionOfTheAssembliesAndThePackageOfLoggers()
    {
        using ZipArchive package = Open();
        XElement metadata = XDocument.Load(new MemoryStream(Read(package, "RevUp.nuspec"))).Root!.Elements().Single();
        string version = metadata.Elements().Single(element => element.Name.LocalName == "version").Value;
        if (PackageVersionTests.Of(Repository.Root) is "")
        {
            Assert.AreEqual(typeof(Recipe).Assembly.GetName().Version!.ToString(fieldCount: 3), version);
        }
        else
        {
            Assert.AreEqual(PackageVersionTests.Of(Repository.Root), version);
        }
        string[] dependencies = [.. metadata.Descendants()
            .Where(element => element.Name.LocalName == "dependency")
            .Select(element => (string)element.Attribute("id")!)];
        CollectionAssert.AreEqual(new[] { "Microsoft.Extensions.Logging.Abstractions" }, dependencies);
    }

    [TestMethod]
    public void NeitherTheOracleNorPathsOfThisMachineAreInIt()
    {
        using ZipArchive package = Open();
        Assert.IsGreaterThan(
            0,
            Read(package, Libraries + "librevup_cpu.so").AsSpan().IndexOf("revup_convolution_fprop"u8),
            "the library exports by name");
        foreach (ZipArchiveEntry entry in package.Entries)
        {
            byte[] content = Read(package, entry.FullName);
            Assert.AreEqual(-1, content.AsSpan().IndexOf("revup_reference_"u8), entry.FullName);
            Assert.AreEqual(
                -1, content.AsSpan().IndexOf(Encoding.UTF8.GetBytes(Repository.Root + "/")), entry.FullName);
        }
    }

    /// <summary>
    /// A program in a folder that others write to must not load what they put above it (CWE-427).
    /// </summary>
    [TestMethod]
    public void TheAssembliesLookForLibrariesInNoCheckout()
    {
        using ZipArchive package = Open();
        foreach (string name in (string[])["RevUp.dll", "RevUp.Interop.dll"])
        {
            Assert.AreEqual(
                -1, Read(package, Assemblies + name).AsSpan().IndexOf(Encoding.Unicode.GetBytes("artifacts")), name);
        }
        Assert.IsGreaterThan(
            0,
            Read(package, Assemblies + "RevUp.Interop.dll").AsSpan()
                .IndexOf(Encoding.Unicode.GetBytes("librevup_cpu.so")),
            "strings are found by this search");
    }

    [TestMethod]
    [DataRow("win-x64", true)]
    [DataRow("linux-musl-x64", true)]
    [DataRow("linux-x64", false)]
    public void ABuildForASystemWithoutLibrariesWarns(string identifier, bool warns)
    {
        CopySample("Embedding", Folder);
        string output = Run(
            Folder.Path,
            [("NUGET_PACKAGES", Folder["packages"]), .. s_noServers],
            "dotnet", "msbuild", "-restore", "-t:ResolvePackageAssets", $"-p:RuntimeIdentifier={identifier}",
            "-p:SelfContained=false", "-p:UseAppHost=false", $"-p:RestoreSources=\"{s_feed};{Restored()}\"", "-tl:off");
        string warning = "REVUP001: RevUp has no native libraries for " + identifier;
        Assert.AreEqual(warns, output.Contains(warning, StringComparison.Ordinal), output);
    }

    [TestMethod]
    public void TheSampleTrainsSavesLoadsAndPredictsOnThePackageAlone()
    {
        BuildSample("Embedding", Folder);
        string output = Run(
            Folder.Path,
            [("LD_DEBUG", "files"), ("LD_DEBUG_OUTPUT", Folder["loader"])],
            Folder["bin/Release/net10.0/Embedding"]);
        Assert.Contains("epoch 4/4: ", output);
        Assert.Contains("256 of 256 new images are told apart: horizontal or vertical", output);
        Assert.IsTrue(File.Exists(Folder["stripes.safetensors"]));
        string loaded = string.Concat(Directory.GetFiles(Folder.Path, "loader.*").Select(File.ReadAllText));
        foreach (string library in (string[])["librevup_cpu.so", "libdnnl.so.2"])
        {
            Assert.Contains($"calling init: {Folder["bin/Release/net10.0/" + Libraries + library]}", loaded);
        }
        AssertPublishedTheSame(output, "trimmed", "--self-contained", "-p:PublishTrimmed=true");
        AssertPublishedTheSame(output, "aot", "-p:PublishAot=true", $"-p:CppCompilerAndLinker={Linker()}");
    }

    [TestMethod]
    public void TheSampleOfMLNetTrainsSavesLoadsAndPredictsOnThePackagesAlone()
    {
        BuildSample("MLNet", Folder);
        string output = Run(Folder.Path, [], Folder["bin/Release/net10.0/MLNet"]);
        Assert.Contains("256 of 256 new images are told apart", output);
    }

    [TestMethod]
    public void TheSampleOfABranchOfItsOwnTrainsByInversionOnThePackageAlone()
    {
        BuildSample("OwnBranch", Folder);
        string output = Run(Folder.Path, [], Folder["bin/Release/net10.0/OwnBranch"]);
        Assert.Contains(", 0 refused", output);
        Assert.Contains("256 of 256 new images are told apart by branches of its own", output);
    }

    /// <summary>Bits depend on the threads of a rank: one here, on one processor.</summary>
    [TestMethod]
    public void TheSampleOfRanksTrainsOnThePackageAlone()
    {
        string[] pinned = ["-c", "0"], words = MpiLauncher.Words(MpiLauncher.Mpich, 2);
        BuildSample("Ranks", Folder);
        string program = Folder["bin/Release/net10.0/Ranks"];
        string ranked = Run(Folder.Path, [], "taskset", [.. pinned, .. words, program]);
        Assert.Contains("2 ranks, 48 steps, test accuracy ", ranked);
        Directory.Move(Folder["runs"], Folder["ranked"]);
        string alone = Run(Folder.Path, [], "taskset", [.. pinned, program]);
        Assert.AreEqual(ranked.Replace("2 ranks", "1 ranks", StringComparison.Ordinal), alone);
        TestRuns.AssertSameState(Folder["runs/stripes"], Folder["ranked/stripes"]);
    }

    // Without a warning, and to the last bit of the trained model.
    private void AssertPublishedTheSame(string expected, string kind, params string[] options)
    {
        Run(
            Folder.Path,
            [("NUGET_FALLBACK_PACKAGES", RuntimePackages(Folder["runtime"])), .. Sources(Folder)],
            "dotnet",
            [
                "publish", "-c", "Release", "-r", "linux-x64", "-o", Folder[kind], .. options, .. s_sources,
                "-p:TreatWarningsAsErrors=true", "-p:TrimmerSingleWarn=false",
            ]);
        string folder = Directory.CreateDirectory(Folder[kind + "-run"]).FullName;
        Assert.AreEqual(expected, Run(folder, [], Path.Combine(Folder[kind], "Embedding")), kind);
        byte[] model = File.ReadAllBytes(Folder["stripes.safetensors"]);
        Assert.IsTrue(model.AsSpan().SequenceEqual(
            File.ReadAllBytes(Path.Combine(folder, "stripes.safetensors"))), $"{kind}: another model");
    }

    // .NET's linker is clang unless it is told another one.
    private static string Linker() => Array.Exists(
        Environment.GetEnvironmentVariable("PATH")!.Split(':'), folder => File.Exists(Path.Combine(folder, "clang")))
        ? "clang"
        : "gcc";

    // Runtimes and compilers, 300 MB, are used where they were restored to; anything else is not,
    // so that no older RevUp is.
    private static string RuntimePackages(string folder)
    {
        Directory.CreateDirectory(folder);
        foreach (string package in Directory.GetDirectories(Restored()))
        {
            string name = Path.GetFileName(package), link = Path.Combine(folder, name);
            if (s_runtimes.Any(prefix => name.StartsWith(prefix, StringComparison.Ordinal)) && !Directory.Exists(link))
            {
                Directory.CreateSymbolicLink(link, package);
            }
        }
        return folder;
    }

    // The feed and the packages that the build has restored are this test's only sources, and its
    // packages are in a folder of its own: neither a network nor an older package can help.
    private static void BuildSample(string name, TemporaryFolder folder)
    {
        CopySample(name, folder);
        Run(folder.Path, Sources(folder), "dotnet", ["build", "-c", "Release", .. s_sources]);
    }

    private static void CopySample(string name, TemporaryFolder folder)
    {
        foreach (string file in Directory.GetFiles(Path.Combine(Repository.Root, "samples", name)))
        {
            File.Copy(file, folder[Path.GetFileName(file)]);
        }
    }

    private static (string Name, string Value)[] Sources(TemporaryFolder folder) =>
        [("NUGET_PACKAGES", folder["packages"]), .. s_noServers];

    // The folder of restored packages holds their files, as a source does.
    private static string Restored() => Environment.GetEnvironmentVariable("NUGET_PACKAGES")
        ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");

    private static ZipArchive Open() => ZipFile.OpenRead(
        Directory.GetFiles(s_feed, "RevUp.*.nupkg")
            .Single(path => char.IsDigit(Path.GetFileName(path)["RevUp.".Length])));

    private static byte[] Read(ZipArchive package, string name)
    {
        using Stream content = package.GetEntry(name)!.Open();
        using MemoryStream copy = new();
        content.CopyTo(copy);
        return copy.ToArray();
    }

    // Output of the program, which must succeed. It does not inherit the libraries that this
    // process was told to use.
    private static string Run(
        string folder, (string Name, string Value)[] environment, string program, params string[] arguments)
    {
        ProcessStartInfo start = new(program, arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (string name in
            start.Environment.Keys.Where(name => name.StartsWith("REVUP_", StringComparison.Ordinal)).ToArray())
        {
            start.Environment.Remove(name);
        }
        foreach ((string name, string value) in environment)
        {
            start.Environment[name] = value;
        }
        using Process process = Process.Start(start)!;
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.AreEqual(0, process.ExitCode, $"{program} {string.Join(' ', arguments)}\n{output}\n{error.Result}");
        return output;
    }
}
