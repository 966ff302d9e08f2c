namespace RevUp.Tests.Documents;

/// <summary>The example of docs/segmentation.md, compiled and run.</summary>
[TestClass]
public sealed class SegmentationExampleTests
{
    [TestMethod]
    public void TheExampleOfSegmentingRuns()
    {
        using TemporaryFolder folder = new();
        ModelSettings settings = new()
        {
            Task = ModelTask.Segmentation,
            Stages = [new() { Blocks = 1, Channels = 4 }, new() { Blocks = 1, Channels = 8 }],
        };
        using (CpuBackend backend = new(threads: 1))
        using (RevUpNet net = new(backend, settings, new Shape(1, 8, 8, 8, 1), classes: 2, seed: 1))
        {
            Checkpoint.SaveModel(
                net, folder["lesions.safetensors"], new RevUp.Data.ChannelNormalization([0], [1]), ["none", "lesion"]);
        }
        // The head starts at zero, so every label is the first.
        Assert.AreEqual(0, Segment(folder["lesions.safetensors"], new float[9 * 10 * 12], 9, 10, 12));
    }

    private static int Segment(string path, float[] volume, int depth, int height, int width)
    {
        // example: segment
        using Segmenter segmenter = Segmenter.Load(path);
        ushort[] labels = segmenter.Segment(volume, new Shape(1, depth, height, width, 1));
        Console.WriteLine($"{labels.Count(label => label > 0)} voxels of {segmenter.Classes[1]}");
        // example: end
        return labels.Count(label => label > 0);
    }
}
