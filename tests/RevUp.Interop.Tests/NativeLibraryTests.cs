namespace RevUp.Interop.Tests;

[TestClass]
internal sealed class NativeLibraryTests
{
    private static readonly NativeLibraryEntry s_entry = new(
        "absent", "librevup_absent.so", "REVUP_ABSENT_LIBRARY", "Run ./build.sh.", (_, _) => { });

    [TestMethod]
    internal void PlacesAreTheProgramsFolderItsPackagesAndTheCheckout()
    {
        string[] expected =
        [
            "/a/b/bin/librevup_absent.so", "/a/b/bin/runtimes/linux-x64/native/librevup_absent.so",
            "/a/b/bin/artifacts/native/librevup_absent.so",
            "/a/b/artifacts/native/librevup_absent.so", "/a/artifacts/native/librevup_absent.so",
            "/artifacts/native/librevup_absent.so",
        ];

        string[] host = ["/a/b/bin/runtimes/linux-x64/native/", "/a/b/bin/"];
        CollectionAssert.AreEqual(expected, s_entry.Places(overridePath: null, "/a/b/bin", host).ToArray());
    }

    [TestMethod]
    internal void AnOverrideIsTheOnlyPlace()
    {
        CollectionAssert.AreEqual(
            (string[])["/elsewhere/lib.so"], s_entry.Places("/elsewhere/lib.so", "/a/b/bin", ["/a/b/bin"]).ToArray());
    }

    [TestMethod]
    internal void AMissingLibraryIsReportedWithEveryPlaceAndItsReason()
    {
        string broken = Path.GetTempFileName();
        try
        {
            DllNotFoundException exception = Assert.ThrowsExactly<DllNotFoundException>(
                () => s_entry.Load(["/nowhere/librevup_absent.so", broken], Platform.Supported));

            StringAssert.StartsWith(
                exception.Message, "The native library librevup_absent.so cannot be loaded. Looked at: ");
            StringAssert.Contains(exception.Message, "/nowhere/librevup_absent.so: no such file; ");
            StringAssert.Contains(exception.Message, $"{broken}: ");
            StringAssert.Contains(exception.Message, "file too short", "the loader's own reason");
            StringAssert.EndsWith(exception.Message, "Run ./build.sh. Or set REVUP_ABSENT_LIBRARY to its full path.");
            Assert.DoesNotContain('\n', exception.Message, "one paragraph");
        }
        finally
        {
            File.Delete(broken);
        }
    }

    [TestMethod]
    internal void APlatformWithoutLibrariesIsOneSentence()
    {
        bool prepared = false;
        NativeLibraryEntry entry = s_entry with { IsInPackage = true, BeforeLoading = () => prepared = true };
        DllNotFoundException exception = Assert.ThrowsExactly<DllNotFoundException>(
            () => entry.Load(["/nowhere/librevup_absent.so"], "win-x64"));
        Assert.AreEqual(
            "RevUp has no native libraries for win-x64: run the program on linux-x64, or build librevup_absent.so "
            + "from RevUp's sources and set REVUP_ABSENT_LIBRARY to its full path.",
            exception.Message);
        Assert.IsFalse(prepared, "what prepares the load may itself be missing there");
    }

    /// <summary>A file that somebody built for it is better than a refusal.</summary>
    [TestMethod]
    internal void APlatformWithoutLibrariesLoadsAFileThatIsThere()
    {
        string broken = Path.GetTempFileName();
        try
        {
            DllNotFoundException exception = Assert.ThrowsExactly<DllNotFoundException>(
                () => (s_entry with { IsInPackage = true }).Load([broken], "linux-arm64"));
            StringAssert.Contains(exception.Message, "file too short");
        }
        finally
        {
            File.Delete(broken);
        }
    }

    [TestMethod]
    [DataRow("linux", "linux-x64", Architecture.X64, "linux-x64")]
    [DataRow("linux", "ubuntu.24.04-x64", Architecture.X64, "linux-x64")]
    [DataRow("linux", "linux-musl-arm64", Architecture.Arm64, "linux-musl-arm64")]
    [DataRow("linux", "alpine.3.20-x64", Architecture.X64, "linux-musl-x64")]
    [DataRow("win", "win-x64", Architecture.X64, "win-x64")]
    internal void AnIdentifierHasNoDistribution(
        string system, string runtime, Architecture architecture, string expected) =>
        Assert.AreEqual(expected, Platform.Name(system, runtime, architecture));

    /// <summary>A Core i7-4770 has all four, a Core 2 Duo none.</summary>
    [TestMethod]
    [DataRow(0x7FFAFBBF, 0x27AB, 0x21, "")]
    [DataRow(0x7FFAEBBF, 0x27AB, 0x21, "FMA")]
    [DataRow(0x77FAFBBF, 0x27AB, 0x21, "AVX2")]
    [DataRow(0x7FFAFBBF, 0x268B, 0x01, "AVX2 BMI2 LZCNT")]
    [DataRow(0x0000E3BD, 0x0000, 0x01, "AVX2 FMA BMI2 LZCNT")]
    internal void MissingInstructionsAreNamed(int basic, int extended, int more, string expected)
    {
        string[] lacking = Platform.Lacking(function => function switch
        {
            1 => (0, basic),
            7 => (extended, 0),
            _ => (0, more),
        });
        Assert.AreEqual(expected, string.Join(' ', lacking));
    }

    [TestMethod]
    internal void ALibraryOfAnotherVersionIsRefused()
    {
        // The C library exports no revup_abi_version.
        nint library = NativeLibrary.Load("libc.so.6");

        BadImageFormatException exception = Assert.ThrowsExactly<BadImageFormatException>(
            () => CpuLibrary.VerifyVersion(library, "/some/place.so"));

        StringAssert.Contains(
            exception.Message,
            "/some/place.so has ABI version none, but these bindings were written for version "
            + $"{CpuLibrary.ExpectedAbiVersion}");
        StringAssert.Contains(exception.Message, "./build.sh");
    }

    [TestMethod]
    internal void TheLoadedLibraryHasTheExpectedVersion() =>
        Assert.AreEqual(CpuLibrary.ExpectedAbiVersion, CpuLibrary.AbiVersion());
}
