namespace RevUp.Tests.Documents;

/// <summary>The examples of docs/fine-tuning.md, compiled and run.</summary>
[TestClass]
public sealed class FineTuningExampleTests : FolderTest
{
    private const int Size = 8;
    private const int Count = 32;

    [TestMethod]
    public void TheExamplesOfFineTuningRun()
    {
        using CpuBackend backend = new(threads: 1);
        byte[] pixels = new byte[Count * Size * Size];
        for (int i = 0; i < pixels.Length; i++)
        {
            pixels[i] = (byte)(i / (Size * Size) % 2 * 150 + i % 50);
        }
        byte[] labels = [.. Enumerable.Range(0, Count).Select(i => (byte)(i % 2))];
        using MemoryDataset data = new(pixels, labels, new Shape(1, Size, Size, 1), ["dark", "bright"]);
        Recipe recipe = new()
        {
            Data = new DataSettings { Dataset = DatasetKind.Custom, Extents = [Size, Size], Channels = 1, Classes = 2 },
            Model = new ModelSettings { Stages = [new() { Blocks = 1, Channels = 4 }] },
            Training = new TrainingSettings { BatchSize = 16 },
        };
        string flowers = Folder["flowers.safetensors"];
        using (TrainingRun first = new(backend, recipe, Folder["first"], resume: false, data, data))
        {
            first.Run(null, CancellationToken.None);
            first.SaveModel(flowers);
        }
        Assert.IsEmpty(Initial(backend, recipe, flowers, Folder["fine"], data, data).Initial!.Report.Missing);
        float[] targets = [.. Enumerable.Range(0, 2 * Count).Select(i => (float)((i / 2 + i) % 2))];
        Tune(backend, flowers, Folder["trees.safetensors"], [(Vectors.Normal(1, Count * Size * Size), targets)]);
        Assert.AreEqual(0.1, Unfreeze(backend, Folder["trees.safetensors"]).Rates!["body"]);
        using RevUpNet net = new(backend, recipe.Model, new Shape(1, Size, Size, 1), classes: 2, seed: 1);
        Assert.IsEmpty(Take(net, flowers).Missing);
        Assert.HasCount(4, Embed(flowers, pixels.AsSpan(0, Size * Size)));
    }

    private static TrainingRun Initial(
        CpuBackend backend, Recipe recipe, string flowers, string folder, ImageDataset train, ImageDataset test)
    {
        // example: initial
        Recipe fine = recipe with
        {
            Model = recipe.Model with { InitialFrom = flowers },
            Training = recipe.Training with { Trained = new() { Freeze = "body" } },
        };
        using TrainingRun run = new(backend, fine, folder, resume: true, train, test);
        // example: end
        return run;
    }

    private static void Tune(
        CpuBackend backend, string flowers, string trees, IEnumerable<(float[] Pixels, float[] Targets)> batches)
    {
        // example: model
        using SavedModel model = SavedModel.Open(
            backend, flowers, classes: ["oak", "elm"], trained: new() { Freeze = "body" });
        using TrainingStep step = new(
            model.Network, new TrainingSettings(), new MemoryPlan(), new InversionSettings());
        foreach ((float[] pixels, float[] targets) in batches) // normalised by model.Mean, model.Deviation
        {
            step.Run(pixels, targets, learningRateFactor: 1);
        }
        model.Save(trees);
        // example: end
    }

    private static TrainedLayers Unfreeze(CpuBackend backend, string trees)
    {
        // example: unfreeze
        Dictionary<string, double> rates = new() { ["body"] = 0.1 };
        using SavedModel whole = SavedModel.Open(backend, trees, trained: new() { Rates = rates });
        // example: end
        return whole.Network.Trained;
    }

    private static LoadReport Take(RevUpNet net, string other)
    {
        // example: partial
        LoadOptions options = new() { Strict = false, Rename = name => name.Replace("module.", "") };
        LoadReport report = net.LoadWeights(other, options);
        Console.WriteLine(report); // the lists have the names: Missing, Unexpected, Mismatched
        // example: end
        return report;
    }

    private static float[] Embed(string flowers, ReadOnlySpan<byte> image)
    {
        // example: features
        using Predictor predictor = Predictor.Load(flowers);
        float[] features = predictor.Features(image); // predictor.FeatureCount numbers
        // example: end
        Assert.HasCount(predictor.FeatureCount, features);
        return features;
    }
}
