using System.Diagnostics;

namespace RevUp.Benchmarks.Studies;

/// <summary>The peer's program.</summary>
internal static class TorchSharpPeer
{
    private const string Shim = "libglibcxx_shim.so";
    private const string Advice = "it needs the package TorchSharp-cpu and a C++ compiler; "
        + "`--contenders store,checkpoint,invert` measures without the peer.";

    private static readonly ExternalProgram s_program = new(
        Checkout.Path("benchmarks", "peer-torchsharp"), "peer", "TorchSharpPeer.dll");

    /// <summary>How to start it, built if it is not yet.</summary>
    /// <param name="returns">Whether freed memory goes back to the system at once.</param>
    /// <param name="arguments">Of its program.</param>
    /// <exception cref="StudyException">A stage of the build failed.</exception>
    public static ProcessStartInfo Start(bool returns, params string[] arguments)
    {
        string shim = Path.Combine(s_program.Output, Shim);
        // The shim is made last: where it is, everything is.
        if (s_program.IsOutdated(Shim))
        {
            Report.Progress(
                "building the TorchSharp peer into artifacts/peer; the first time this downloads its packages ...");
            s_program.Build(Advice);
            // A version that the system's libstdc++ lacks is fatal to the loader unless the need
            // for it is weak; the shim has the one function asked for.
            SymbolVersions.Weaken(
                Path.Combine(s_program.Output, "runtimes", "linux-x64", "native", "libLibTorchSharp.so"),
                "GLIBCXX_3.4.32");
            s_program.Execute(
                Advice, "c++", "-O2", "-shared", "-fPIC", "-o", shim, s_program.Source("glibcxx_shim.cpp"));
        }
        ProcessStartInfo start = s_program.Start(arguments);
        start.Environment["LD_PRELOAD"] = shim;
        if (returns)
        {
            start.Environment["MALLOC_MMAP_THRESHOLD_"] = "65536";
        }
        return start;
    }
}
