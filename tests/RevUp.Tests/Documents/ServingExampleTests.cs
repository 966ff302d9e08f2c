using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace RevUp.Tests.Documents;

/// <summary>The examples of docs/serving.md, compiled and run.</summary>
[TestClass]
public sealed class ServingExampleTests : FolderTest
{
    [TestMethod]
    public async Task TheExamplesOfLoadingAndCallingRun()
    {
        string path = PredictorFiles.Write(Folder, new(SampleKind.Bytes));
        using Predictor predictor = Load(path);
        float[] probabilities = new float[3];
        await CallAsync(
            predictor, ImageFiles.Png(1, 8, 8), PredictorFiles.Image(1), probabilities, CancellationToken.None);
        CollectionAssert.AreEqual(predictor.Predict(PredictorFiles.Image(1)), probabilities);
    }

    [TestMethod]
    public async Task TheExampleOfTrainingRuns()
    {
        using CpuBackend backend = TestRuns.Backend();
        using MemoryDataset data = new(new byte[32 * 64], new byte[32], new Shape(1, 8, 8, 1), ["one", "other"]);
        Recipe recipe = SmallRecipe.Create(
            """data={"dataset":"custom","extents":[8,8],"channels":1,"classes":2}""");
        await TrainAsync(
            backend, recipe, data, NullLogger.Instance, new Progress<TrainingProgress>(), Folder["net"],
            CancellationToken.None);
        Assert.IsTrue(File.Exists(Folder["net"]));
    }

    private static Predictor Load(string path)
    {
        using (LoadAsShown(path))
        {
            return PredictorFiles.Load(path);
        }
    }

    private static Predictor LoadAsShown(string path)
    {
        // example: load
        PredictorOptions options = new()
        {
            MaximumBatch = 32,
            BatchDelay = TimeSpan.FromMilliseconds(2),
            MaximumQueue = 256,
        };
        using Predictor predictor = Predictor.Load(
            path, () => new CpuBackend(threads: 2, capacity: 256 << 20), options: options);
        // example: end
        return predictor;
    }

    private static async Task CallAsync(
        Predictor predictor, ReadOnlyMemory<byte> jpegOrPng, ReadOnlyMemory<byte> pixels, float[] probabilities,
        CancellationToken stop)
    {
        // example: call
        float[] ofFile = await predictor.PredictEncodedAsync(jpegOrPng, stop);
        float[] ofPixels = await predictor.PredictAsync(pixels, stop: stop);
        predictor.Predict(pixels.Span, probabilities); // waits on this thread, into a Span<float>
        // example: end
        Assert.HasCount(ofFile.Length, ofPixels);
    }

    private static async Task TrainAsync(
        CpuBackend backend, Recipe recipe, MemoryDataset train, ILogger logger, IProgress<TrainingProgress> progress,
        string path, CancellationToken stop)
    {
        // example: hosted
        using TrainingRun run = new(backend, recipe, folder: null, resume: false, train, test: null);
        run.Logger = logger;
        RunSummary summary = await run.RunAsync(progress, stop);
        Console.WriteLine($"step {run.Step} of {run.Steps}, resumed: {run.IsResumed}");
        run.SaveModel(path);
        // example: end
        Assert.IsFalse(summary.Interrupted);
    }
}
