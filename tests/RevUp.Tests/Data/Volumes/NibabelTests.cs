using System.Diagnostics;
using System.Runtime.InteropServices;
using RevUp.Data.Volumes;
using RevUp.Tensors;
using RevUp.Tests.Architecture;
using RevUp.Tests.Support;

namespace RevUp.Tests.Data.Volumes;

/// <summary>
/// NIfTI files of every type, version and orientation, to the bit as nibabel reads them.
/// </summary>
[TestClass]
public sealed class NibabelTests
{
    private const string Python = "/usr/bin/python3"; // Debian's, for which its package python3-nibabel is

    [TestMethod]
    public void ValuesAreThoseOfNibabel()
    {
        using TemporaryFolder folder = new();
        string[] lines = Run(
            Path.Combine(Repository.Root, "tests/RevUp.Tests/Data/Volumes/nibabel_oracle.py"), folder.Path);
        Assert.HasCount(72, lines);
        foreach (string line in lines)
        {
            string[] words = line.Split(' ');
            Shape sample = new([1, .. words[1..].Select(int.Parse)]);
            float[] expected =
                MemoryMarshal.Cast<byte, float>(File.ReadAllBytes(folder[words[0] + ".values"])).ToArray();
            float[] values = new float[sample.Count];
            new VolumeFile(sample, VoxelType.UInt8).Read(folder[words[0]], values);
            CollectionAssert.AreEqual(expected, values, line);
        }
    }

    private static string[] Run(string script, string folder)
    {
        if (!File.Exists(Python))
        {
            Assert.Inconclusive($"{Python} is not there; the Debian package python3-nibabel brings it.");
        }
        ProcessStartInfo start =
            new(Python, [script, folder]) { RedirectStandardOutput = true, RedirectStandardError = true };
        using Process process = Process.Start(start)!;
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        if (error.Result.Contains("No module named", StringComparison.Ordinal))
        {
            Assert.Inconclusive("The Debian package python3-nibabel is not installed.");
        }
        Assert.AreEqual(0, process.ExitCode, error.Result);
        return output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }
}
