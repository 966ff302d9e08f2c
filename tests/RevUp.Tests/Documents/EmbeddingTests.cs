// example: usings
using RevUp.Backends.Cpu;
using RevUp.Data;
using RevUp.Inference;
using RevUp.Models;
using RevUp.Recipes;
using RevUp.Runs;
using RevUp.Tensors;
using RevUp.Training;
// example: end

namespace RevUp.Tests.Documents;

/// <summary>The examples of docs/embedding.md and docs/own-branches.md, compiled and run.</summary>
[TestClass]
public sealed class EmbeddingTests : FolderTest
{
    private const int Size = 16;

    [TestMethod]
    public void TheExampleOfTrainingAndPredictingRuns()
    {
        (byte[] pixels, byte[] labels) = DarkAndBright(count: 64);
        // example: data
        // pixels: N·H·W·C bytes, one image after the other; labels: N numbers from 0
        using MemoryDataset data = new(pixels, labels, new Shape(1, 16, 16, 1), ["dark", "bright"]);
        // example: end
        ReadOnlySpan<byte> image = pixels.AsSpan(0, Size * Size);
        float[] probabilities = Embed(Folder["runs"], Folder["mine.safetensors"], data, image, CancellationToken.None);
        Assert.IsGreaterThan(0.5f, probabilities[labels[0]]);
        Assert.IsGreaterThan(0.5f, PredictWithin256MiB(Folder["mine.safetensors"], image)[labels[0]]);
    }

    [TestMethod]
    public void TheExampleOfSavingWeightsRuns()
    {
        using CpuBackend backend = new(threads: 1);
        ModelSettings settings = new() { Stages = [new() { Blocks = 1, Channels = 4 }] };
        using RevUpNet net = new(backend, settings, new Shape(1, Size, Size, 1), classes: 2, seed: 1);
        float[] before = net.Predict(new float[Size * Size]);
        SaveAndLoad(net, Folder["net.safetensors"]);
        CollectionAssert.AreEqual(before, net.Predict(new float[Size * Size]));
    }

    [TestMethod]
    public void TheExamplesOfMeasuresAndOfABranchOfItsOwnRun()
    {
        using CpuBackend backend = new(threads: 1);
        (byte[] pixels, byte[] labels) = DarkAndBright(count: 64);
        using MemoryDataset data = new(pixels, labels, new Shape(1, Size, Size, 1), ["dark", "bright"]);
        Recipe recipe = new()
        {
            Data = new DataSettings { Dataset = DatasetKind.Custom, Extents = [Size, Size], Channels = 1, Classes = 2 },
            Model = new ModelSettings { Stages = [new() { Blocks = 1, Channels = 4 }], Branch = BranchKind.Custom },
            Training = new TrainingSettings { Epochs = 2, BatchSize = 32 },
        };
        TrainOwnBranch(backend, recipe, Folder["branch"], data, data, Folder["own"], CancellationToken.None);
        using TrainingRun run = new(
            backend, recipe, Folder["run"], resume: false, data, data, data, site => new SineBranch(site));
        Assert.IsGreaterThan(0.5, Judge(run, CancellationToken.None).Auc);
    }

    private static EvaluationResult Judge(TrainingRun run, CancellationToken stop)
    {
        // example: measures
        RunSummary summary = run.Run(progress: null, stop);
        EvaluationResult result = summary.Evaluation; // of the test set, with the chosen checkpoint
        Console.WriteLine($"balanced accuracy {result.BalancedAccuracy:P1}, AUC {result.Auc:F3}");
        Console.WriteLine($"recall {result.Recall[1]:P1}, missed {result.Confusion[1][0]} samples of class 1");
        // example: end
        return result;
    }

    /// <summary>The example of docs/own-branches.md.</summary>
    [TestMethod]
    public void TheExampleOfACheckRuns()
    {
        // example: check
        using CpuBackend backend = new(threads: 1);
        BranchCheck.Run(backend, new Shape(1, 6, 6, 4), width: 8, site => new SineBranch(site));
        // example: end
        BranchCheck.Run(backend, new Shape(1, 6, 6, 4), width: 8, site => new TanhBranch(site));
    }

    private static void TrainOwnBranch(
        CpuBackend backend, Recipe recipe, string folder, ImageDataset train, ImageDataset test, string path,
        CancellationToken stop)
    {
        // example: branch
        using TrainingRun run = new(
            backend, recipe, folder, resume: true, train, test, branches: site => new SineBranch(site));
        run.Run(progress: null, stop);
        run.SaveModel(path);
        using Predictor predictor = Predictor.Load(path, branches: site => new SineBranch(site));
        // example: end
    }

    private static void SaveAndLoad(RevUpNet net, string file)
    {
        // example: weights
        net.SaveWeights(file);
        net.LoadWeights(file);
        // example: end
    }

    private static float[] PredictWithin256MiB(string path, ReadOnlySpan<byte> image)
    {
        // example: bounded
        using Predictor predictor = Predictor.Load(path, () => new CpuBackend(threads: 1, capacity: 256 << 20));
        // example: end
        return predictor.Predict(image);
    }

    private static float[] Embed(
        string folder, string path, ImageDataset data, ReadOnlySpan<byte> image, CancellationToken stop)
    {
        // example: body
        Recipe recipe = new()
        {
            Data = new DataSettings { Dataset = DatasetKind.Custom, Extents = [16, 16], Channels = 1, Classes = 2 },
            Model = ModelPresets.Get("revup-38") with
            {
                Stages = [new() { Blocks = 2, Channels = 8 }, new() { Blocks = 2, Channels = 16 }],
            },
            Training = new TrainingSettings { Epochs = 4, BatchSize = 32, ClipNorm = 1 },
        };
        using (CpuBackend backend = new())
        using (TrainingRun run = new(backend, recipe, folder, resume: true, train: data, test: data))
        {
            RunSummary summary = run.Run(
                progress => Console.WriteLine($"step {progress.Step}: loss {progress.Loss:F3}"), stop);
            if (!summary.Interrupted)
            {
                run.SaveModel(path);
            }
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
