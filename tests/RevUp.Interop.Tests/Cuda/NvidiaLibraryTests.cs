using RevUp.Interop.CublasLt;
using RevUp.Interop.Cudnn;
using RevUp.Interop.Nccl;

namespace RevUp.Interop.Tests.Cuda;

[TestClass]
internal sealed class NvidiaLibraryTests
{
    private static readonly NvidiaLibraryEntry s_entry = new(
        "absent", ["libabsent.so.13", "libabsent.so.12"], "*", "REVUP_ABSENT_LIBRARY", "Install it.", (_, _) => { });

    [TestMethod]
    internal void PlacesAreTheLoaderThenTheToolkitThenPython()
    {
        IReadOnlyList<string> places = s_entry.Places(
            overridePath: null,
            name => name switch
            {
                "CUDA_HOME" => "/opt/toolkit",
                "VIRTUAL_ENV" => "/nowhere/venv",
                "HOME" => "/nowhere/user",
                _ => null,
            });

        string[] expected =
        [
            "libabsent.so.13", "libabsent.so.12", "/opt/toolkit/lib64/libabsent.so.13",
            "/opt/toolkit/lib64/libabsent.so.12",
            "/usr/local/cuda/lib64/libabsent.so.13", "/usr/local/cuda/lib64/libabsent.so.12",
            "/nowhere/venv/lib/python3*/site-packages/nvidia/*/lib/libabsent.so.13",
            "/nowhere/venv/lib/python3*/site-packages/nvidia/*/lib/libabsent.so.12",
            "/nowhere/user/.local/lib/python3*/site-packages/nvidia/*/lib/libabsent.so.13",
        ];
        CollectionAssert.AreEqual(expected, places.Take(expected.Length).ToArray());
    }

    [TestMethod]
    internal void AFolderOfAPythonPackageIsFound()
    {
        DirectoryInfo root = Directory.CreateTempSubdirectory();
        try
        {
            string library = Path.Combine(
                root.FullName, "lib", "python3.12", "site-packages", "nvidia", "cublas", "lib");
            Directory.CreateDirectory(library);

            IReadOnlyList<string> places = s_entry.Places(
                overridePath: null, name => name == "VIRTUAL_ENV" ? root.FullName : null);

            Assert.Contains(Path.Combine(library, "libabsent.so.12"), places);
        }
        finally
        {
            root.Delete(recursive: true);
        }
    }

    /// <summary>cuDNN's companions come from the installation that has cuDNN.</summary>
    [TestMethod]
    internal void CompanionsAreOpenedFromOneInstallationInTheOrderOfTheirDependencies()
    {
        DirectoryInfo root = Directory.CreateTempSubdirectory();
        try
        {
            string[] files =
            [
                Create("nvidia", "cublas", "lib", "libcublasLt.so.12"),
                Create("nvidia", "cuda_nvrtc", "lib", "libnvrtc-builtins.so.12.4"),
                Create("nvidia", "cuda_nvrtc", "lib", "libnvrtc.so.12"),
                Create("nvidia", "cudnn", "lib", "libcudnn_graph.so.9"),
                Create("nvidia", "cudnn", "lib", "libcudnn_ops.so.9"),
            ];
            string cudnn = Create("nvidia", "cudnn", "lib", "libcudnn.so.9");
            string toolkit = Path.GetDirectoryName(Create("toolkit", "lib64", "libcublasLt.so.13"))!;
            NvidiaLibraryEntry entry = s_entry with
            {
                Companions =
                [
                    ["libcublasLt.so.13", "libcublasLt.so.12"], ["libnvrtc-builtins.so.*"],
                    ["libnvrtc.so.13", "libnvrtc.so.12"], ["libcudnn_graph.so.9"], ["libcudnn_ops.so.9"],
                ],
            };
            string? Environment(string name) => name == "CUDA_HOME" ? Path.GetDirectoryName(toolkit) : null;

            CollectionAssert.AreEqual(files, entry.CompanionPaths(cudnn, Environment).ToArray());
            CollectionAssert.AreEqual(
                (string[])[Path.Combine(toolkit, "libcublasLt.so.13")],
                entry.CompanionPaths("libcudnn.so.9", Environment).ToArray());
        }
        finally
        {
            root.Delete(recursive: true);
        }

        string Create(params string[] parts)
        {
            string path = Path.Combine([root.FullName, .. parts]);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, "");
            return path;
        }
    }

    [TestMethod]
    internal void AnOverrideIsTheOnlyPlace() =>
        CollectionAssert.AreEqual(
            (string[])["/elsewhere/lib.so"], s_entry.Places("/elsewhere/lib.so", _ => "/opt").ToArray());

    [TestMethod]
    internal void ALibraryOfTheDriverIsLookedForByTheLoaderAlone() =>
        CollectionAssert.AreEqual(
            (string[])["libabsent.so.13", "libabsent.so.12"],
            (s_entry with { Package = null }).Places(overridePath: null, _ => "/opt").ToArray());

    [TestMethod]
    internal void AMissingLibraryIsReportedWithEveryPlace()
    {
        IReadOnlyList<string> places = s_entry.Places(overridePath: null, _ => null);

        DllNotFoundException exception = Assert.ThrowsExactly<DllNotFoundException>(
            () => s_entry.Load(places, Platform.Supported));

        StringAssert.StartsWith(
            exception.Message,
            "The native library libabsent.so.13 or libabsent.so.12 cannot be loaded. Looked at: libabsent.so.13: "
            + "cannot open");
        Assert.DoesNotContain("LD_DEBUG", exception.Message, "the runtime's advice is left out");
        foreach (string place in places)
        {
            Assert.Contains(place + ": ", exception.Message);
        }

        StringAssert.EndsWith(exception.Message, "Install it. Or set REVUP_ABSENT_LIBRARY to its full path.");
    }

    [TestMethod]
    [DataRow("cuda", "/some/place.so is no CUDA driver")]
    [DataRow("cudnn", "/some/place.so is cuDNN of no version, but RevUp needs cuDNN 9")]
    [DataRow("cublasLt", "/some/place.so is cuBLASLt of no version, but RevUp needs 12 or newer")]
    [DataRow("nccl", "/some/place.so is NCCL of no version, but RevUp needs 2.14 or newer")]
    internal void AnotherLibraryInItsPlaceIsRefused(string name, string expected)
    {
        Action<nint, string> verify = name switch
        {
            "cuda" => CudaLibrary.VerifyVersion,
            "cudnn" => CudnnLibrary.VerifyVersion,
            "nccl" => NcclLibrary.VerifyVersion,
            _ => CublasLtLibrary.VerifyVersion,
        };

        BadImageFormatException exception = Assert.ThrowsExactly<BadImageFormatException>(
            () => verify(NativeLibrary.Load("libc.so.6"), "/some/place.so"));

        StringAssert.Contains(exception.Message, expected);
        StringAssert.Contains(exception.Message, $"REVUP_{name.ToUpperInvariant()}_LIBRARY");
    }
}
