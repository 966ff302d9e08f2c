using System.Diagnostics;

namespace RevUp.Benchmarks.Studies;

/// <summary>The peer's program: built on first use into artifacts/peer, since its packages take hundreds of megabytes.</summary>
internal static class TorchSharpPeer
{
    private static readonly string s_source = Checkout.Path("tests", "RevUp.Benchmarks", "peer-torchsharp");
    private static readonly string s_output = Checkout.Path("artifacts", "peer", "bin");
    private static readonly string s_shim = Path.Combine(s_output, "libglibcxx_shim.so");

    /// <summary>How to start it, built if it is not yet.</summary>
    /// <exception cref="StudyException">A stage of the build failed.</exception>
    public static ProcessStartInfo Start(int blocks, int batch, int threads, params ReadOnlySpan<(string Name, string Value)> environment)
    {
        // The shim is made last: where it is, everything is.
        if (!File.Exists(s_shim) || File.GetLastWriteTimeUtc(s_shim) < Directory.EnumerateFiles(s_source).Max(File.GetLastWriteTimeUtc))
        {
            Build();
        }
        ProcessStartInfo start = new("dotnet", [Path.Combine(s_output, "TorchSharpPeer.dll"), $"{blocks}", $"{batch}", $"{threads}"]);
        start.Environment["LD_PRELOAD"] = s_shim;
        foreach ((string name, string value) in environment)
        {
            start.Environment[name] = value;
        }
        return start;
    }

    private static void Build()
    {
        Report.Progress("building the TorchSharp peer into artifacts/peer; the first time this downloads its packages ...");
        Execute("dotnet", "build", s_source, "-c", "Release", "-o", s_output, "-nologo", "-v", "quiet");
        // A version that the system's libstdc++ lacks is fatal to the loader unless the need for it is weak; the shim has the one function asked for.
        SymbolVersions.Weaken(Path.Combine(s_output, "runtimes", "linux-x64", "native", "libLibTorchSharp.so"), "GLIBCXX_3.4.32");
        Execute("c++", "-O2", "-shared", "-fPIC", "-o", s_shim, Path.Combine(s_source, "glibcxx_shim.cpp"));
    }

    private static void Execute(string program, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true })!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0)
        {
            throw new StudyException(
                $"Building the peer failed: `{program} {string.Join(' ', arguments)}` ended with status {process.ExitCode} and said: " +
                $"{output.ReplaceLineEndings(" ").Trim()} -- it needs the package TorchSharp-cpu and a C++ compiler; " +
                "`--contenders store,checkpoint,invert` measures without the peer.");
        }
    }
}
