using System.Runtime.InteropServices;

namespace RevUp.Tests.Inference;

/// <summary>
/// The program of tests/peer-onnxruntime, which is no part of the solution because its package
/// takes 400 MB.
/// </summary>
internal static class OnnxRuntime
{
    public const string Build = "dotnet build -c Release tests/peer-onnxruntime";

    private static string Program =>
        Path.Combine(Repository.Root, "artifacts", "onnxruntime", "bin", "OnnxRuntimePeer.dll");

    public static bool IsBuilt => File.Exists(Program);

    /// <summary>The output of a model for one input.</summary>
    public static double[] Run(string model, OnnxValue input)
    {
        float[] numbers = [.. input.Data.Select(value => (float)value)];
        File.WriteAllBytes(model + ".input", MemoryMarshal.AsBytes(numbers.AsSpan()).ToArray());
        string[] arguments =
            [Program, model, model + ".input", model + ".output", .. input.Shape.Select(extent => $"{extent}")];
        using Process process =
            Process.Start(new ProcessStartInfo("dotnet", arguments) { RedirectStandardError = true })!;
        string errors = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.AreEqual(0, process.ExitCode, errors);
        return [.. MemoryMarshal.Cast<byte, float>(
            File.ReadAllBytes(model + ".output").AsSpan()).ToArray().Select(value => (double)value)];
    }
}
