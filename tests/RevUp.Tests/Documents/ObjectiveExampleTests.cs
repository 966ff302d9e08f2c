namespace RevUp.Tests.Documents;

/// <summary>The examples of docs/objectives.md, compiled and run.</summary>
[TestClass]
public sealed class ObjectiveExampleTests : FolderTest
{
    private const int Size = 8;
    private const int Samples = 64;

    [TestMethod]
    public void TheExamplesRun()
    {
        Random random = new(1);
        float[] values = [.. Enumerable.Range(0, Samples * Size * Size).Select(_ => random.NextSingle())];
        float[] targets = [.. Enumerable.Range(0, 2 * Samples).Select(_ => random.NextSingle())];
        using CpuBackend backend = new(threads: 1);
        float[] answer = Regress(backend, values, targets, Size, Size, 1, values.AsSpan(0, Size * Size));
        Assert.HasCount(2, answer);
        ModelSettings settings = new()
        {
            Task = ModelTask.Regression,
            Stages = [new() { Blocks = 1, Channels = 4 }],
        };
        using RevUpNet net = new(backend, settings, new Shape(1, Size, Size, 1), classes: 2, seed: 1);
        Assert.IsTrue(Step(net, values, targets).Loss is > 0 and < 1);
    }

    private float[] Regress(
        CpuBackend backend, float[] values, float[] targets, int height, int width, int channels,
        ReadOnlySpan<float> sample)
    {
        (string folder, string path, CancellationToken stop) =
            (Folder["run"], Folder["sizes.safetensors"], CancellationToken.None);
        // example: dataset
        // values: N·H·W·C floats, one sample after the other; targets: N·K floats
        using MemoryDataset train = new(values, targets, new Shape(1, height, width, channels), ["width", "weight"]);
        // example: end
        MemoryDataset test = train;
        float[] answers = Train(backend, train, test, height, width, folder, path, sample, stop);
        Recipe recipe = RecipeFile.Parse(
            File.ReadAllText(Folder["run/recipe.json"]), "recipe.json", ["training.huberDelta=0"]);
        using (Own(backend, recipe, Folder["own"], train, test))
        {
            return answers;
        }
    }

    private static float[] Train(
        CpuBackend backend, ImageDataset train, ImageDataset test, int height, int width, string folder, string path,
        ReadOnlySpan<float> sample, CancellationToken stop)
    {
        // example: regression
        Recipe recipe = new()
        {
            Data = new DataSettings { Dataset = DatasetKind.Custom, Extents = [height, width], Classes = 2 },
            Model = ModelPresets.Get("revup-38") with
            {
                Task = ModelTask.Regression,
                Stages = [new() { Blocks = 2, Channels = 8 }, new() { Blocks = 2, Channels = 16 }],
            },
            Training = new TrainingSettings { Epochs = 20, BatchSize = 32, ClipNorm = 1, HuberDelta = 1 },
        };
        using TrainingRun run = new(backend, recipe, folder, resume: true, train, test);
        EvaluationResult result = run.Run(progress: null, stop).Evaluation;
        run.SaveModel(path);
        Console.WriteLine($"R² {result.R2:F3}, width misses by {result.AbsoluteErrors[0]:F2} on average");
        using Predictor predictor = Predictor.Load(path);
        float[] answer = predictor.Predict(sample); // width and weight of one sample
        // example: end
        return answer;
    }

    private static TrainingRun Own(
        CpuBackend backend, Recipe recipe, string folder, ImageDataset train, ImageDataset test)
    {
        // example: run
        using TrainingRun run = new(backend, recipe, folder, resume: true, train, test, loss: LogCosh);
        // example: end
        return run;
    }

    private static StepResult Step(RevUpNet net, float[] values, float[] targets)
    {
        ReadOnlySpan<float> pixels = values;
        // example: step
        using TrainingStep step = new(net, new TrainingSettings(), new MemoryPlan(), new InversionSettings(), LogCosh);
        StepResult result = step.Run(pixels, targets, learningRateFactor: 1);
        // example: end
        return result;
    }

    // example: loss
    // Mean of log cosh(output − target), whose derivative is tanh.
    private static double LogCosh(
        ReadOnlySpan<float> outputs, ReadOnlySpan<float> targets, int batch, Span<float> gradient)
    {
        double sum = 0;
        for (int i = 0; i < outputs.Length; i++)
        {
            double error = outputs[i] - targets[i];
            sum += Math.Log(Math.Cosh(error));
            gradient[i] = (float)(Math.Tanh(error) / outputs.Length);
        }
        return sum / outputs.Length;
    }
    // example: end
}
