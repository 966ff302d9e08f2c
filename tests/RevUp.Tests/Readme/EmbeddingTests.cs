using RevUp.Backends.Cpu;
using RevUp.Data;
using RevUp.Inference;
using RevUp.Models;
using RevUp.Recipes;
using RevUp.Runs;
using RevUp.Tensors;
using RevUp.Tests.Support;
using RevUp.Training;

namespace RevUp.Tests.Readme;

[TestClass]
public sealed class EmbeddingTests
{
    private const int Size = 16;

    [TestMethod]
    public void TheExampleOfEmbeddingRunsAndIsTheOneThatStandsThere()
    {
        using TemporaryFolder folder = new();
        (byte[] pixels, byte[] labels) = DarkAndBright(count: 64);
        using MemoryDataset train = new(pixels, labels, new Shape(1, Size, Size, 1), ["dark", "bright"]);
        float[] probabilities = Embed(folder["runs"], folder["mine.safetensors"], train, pixels.AsSpan(0, Size * Size), CancellationToken.None);
        Assert.IsGreaterThan(0.5f, probabilities[labels[0]]);
        ReadmeExample.AssertStandsThere("EmbeddingTests.cs");
    }

    private static float[] Embed(string folder, string path, ImageDataset data, ReadOnlySpan<byte> image, CancellationToken stop)
    {
        // example: body
        Recipe recipe = new()
        {
            Data = new DataSettings { Dataset = DatasetKind.Custom, Extents = [16, 16], Channels = 1, Classes = 2 },
            Model = new ModelSettings { Stages = [new() { Blocks = 2, Channels = 8 }, new() { Blocks = 2, Channels = 16 }] },
            Training = new TrainingSettings { Epochs = 4, BatchSize = 32 },
        };
        using (CpuBackend backend = new())
        using (TrainingRun run = new(backend, recipe, folder, resume: true, train: data, test: data)) // a MemoryDataset, or an ImageDataset of yours
        {
            run.Run(progress => Console.WriteLine($"step {progress.Step}/{progress.Steps}: loss {progress.Loss:F3}"), stop);
            run.SaveModel(path);
        }
        using Predictor predictor = Predictor.Load(path);
        float[] probabilities = predictor.Predict(image); // a ReadOnlySpan<byte> of H·W·C bytes
        Console.WriteLine(predictor.Classes[Array.IndexOf(probabilities, probabilities.Max())]);
        // example: end
        return probabilities;
    }

    private static (byte[] Pixels, byte[] Labels) DarkAndBright(int count)
    {
        byte[] pixels = new byte[count * Size * Size];
        byte[] labels = [.. Enumerable.Range(0, count).Select(i => (byte)(i % 2))];
        for (int i = 0; i < pixels.Length; i++)
        {
            pixels[i] = (byte)(labels[i / (Size * Size)] * 150 + i % 50);
        }
        return (pixels, labels);
    }
}
