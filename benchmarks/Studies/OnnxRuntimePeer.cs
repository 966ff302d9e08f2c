using System.Diagnostics;

namespace RevUp.Benchmarks.Studies;

/// <summary>
/// ONNX Runtime on an exported network: the program that the tests compare exports with.
/// </summary>
internal static class OnnxRuntimePeer
{
    private const string Assembly = "OnnxRuntimePeer.dll";

    private static readonly ExternalProgram s_program =
        new(Checkout.Path("tests", "peer-onnxruntime"), "onnxruntime", Assembly);

    /// <summary>
    /// How to start it, built if it is not yet: one prediction for every line on its input.
    /// </summary>
    /// <param name="model">The ONNX file.</param>
    /// <param name="threads">Threads of the session.</param>
    /// <param name="shape">Shape of the input, channels-first.</param>
    /// <exception cref="StudyException">The build failed.</exception>
    public static ProcessStartInfo Start(string model, int threads, IEnumerable<long> shape)
    {
        if (s_program.IsOutdated(Assembly))
        {
            Report.Progress(
                "building ONNX Runtime's peer into artifacts; the first time this downloads its packages ...");
            s_program.Build("it needs the package Microsoft.ML.OnnxRuntime; `--only step` measures without it.");
        }
        return s_program.Start(["time", model, $"{threads}", .. shape.Select(extent => $"{extent}")]);
    }
}
