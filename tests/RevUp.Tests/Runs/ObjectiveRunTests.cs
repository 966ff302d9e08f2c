namespace RevUp.Tests.Runs;

/// <summary>
/// Whole runs with numbers as targets, from the dataset to the predictor's answers.
/// </summary>
[TestClass]
public sealed class ObjectiveRunTests : FolderTest
{
    private const int Size = 6;

    private static readonly Shape s_sample = new(1, Size, Size, 1);

    /// <summary>
    /// The brightness of an image, uniform in −1 to 1, is told better than any classifier of four
    /// classes could: its best answers are the centres of four quarters of the range, which miss by
    /// a mean square of (2/4)² / 12.
    /// </summary>
    [TestMethod]
    public void ARegressionIsBetterThanFourClasses()
    {
        using MemoryDataset train = Brightness(256, seed: 1), test = Brightness(64, seed: 2);
        Recipe recipe = Settings(ModelTask.Regression, outputs: 1);
        using (CpuBackend backend = new(threads: 1))
        using (TrainingRun run = new(backend, recipe, Folder["run"], resume: false, train, test))
        {
            RunSummary summary = run.Run(null, CancellationToken.None);
            EvaluationResult result = summary.Evaluation;
            Assert.IsLessThan(0.25 / 12, result.Loss);
            Assert.IsGreaterThan(1 - 1.0 / 16, result.R2);
            Assert.IsTrue(double.IsNaN(result.Top1));
            // Jensen: the mean of |e| is at most the root of the mean of e².
            Assert.IsLessThanOrEqualTo(Math.Sqrt(result.Loss), result.MeanAbsoluteError);
            run.SaveModel(Folder["model.safetensors"]);
            AssertFiles(result);
        }
        using Predictor predictor = Predictor.Load(Folder["model.safetensors"], () => new CpuBackend(threads: 1));
        Assert.AreEqual(ModelTask.Regression, predictor.Task);
        float[] answers = [.. Enumerable.Range(0, 64).Select(i => predictor.Predict(test.Values(i))[0])];
        double mean = answers.Select((answer, i) => Math.Pow(answer - test.Target(i)[0], 2)).Average();
        Assert.IsLessThan(0.25 / 12, mean);
        Assert.Refuses<CheckpointException>(
            () => Segmenter.Load(Folder["model.safetensors"]), "model.task 'regression'", "Predictor.Load");
    }

    /// <summary>Two halves of an image are bright or not, each for itself.</summary>
    [TestMethod]
    public void SeveralLabelsAreTold()
    {
        using MemoryDataset train = Halves(256, seed: 1), test = Halves(64, seed: 2);
        Recipe recipe = Settings(ModelTask.MultiLabel, outputs: 2);
        recipe = recipe with
        {
            Training = recipe.Training with { ChooseBy = CheckpointMeasure.MeanAveragePrecision },
        };
        using CpuBackend backend = new(threads: 1);
        using TrainingRun run = new(backend, recipe, Folder["run"], resume: false, train, test, validation: test);
        RunSummary summary = run.Run(null, CancellationToken.None);
        EvaluationResult result = summary.Evaluation;
        // The two halves independently at random would have a quarter, 1/2 and 1/2.
        Assert.IsGreaterThan(0.75, result.Top1);
        Assert.IsGreaterThan(0.75, result.F1);
        Assert.IsGreaterThan(0.75, result.MeanAveragePrecision);
        Assert.HasCount(2, result.AveragePrecision);
        Assert.IsNotNull(summary.ChosenStep);
        Assert.Contains("exact match", File.ReadAllText(Folder["run/report.md"]));
        using Predictor predictor = Predictor.Load(Folder["run"], () => new CpuBackend(threads: 1));
        int right = 0;
        for (int i = 0; i < test.Count; i++)
        {
            float[] answers = predictor.Predict(test.Values(i));
            Assert.IsTrue(answers.All(probability => probability is >= 0 and <= 1));
            right += Enumerable.Range(0, 2).All(k => answers[k] > 0.5f == test.Target(i)[k] > 0.5f) ? 1 : 0;
        }
        Assert.AreEqual(result.Top1, right / 64.0);
    }

    /// <summary>
    /// A run whose loss is the program's is the library's, files and all; resumed, too.
    /// </summary>
    [TestMethod]
    public void ARunWithALossOfItsOwnIsStoppedAndResumed()
    {
        using MemoryDataset train = Brightness(64, seed: 1), test = Brightness(32, seed: 2);
        Recipe recipe = Settings(ModelTask.Regression, outputs: 1, epochs: 2);
        double built = Train("built", null, stopAfter: long.MaxValue);
        double own = Train("own", SquaredError, stopAfter: long.MaxValue);
        Train("stopped", SquaredError, stopAfter: 1);
        Train("stopped", SquaredError, stopAfter: long.MaxValue);
        Assert.AreEqual(built, own, 1e-12, "the evaluation's loss");
        CollectionAssert.AreEqual(Model("built"), Model("own"));
        CollectionAssert.AreEqual(Model("own"), Model("stopped"));

        double Train(string name, BatchLoss? loss, long stopAfter)
        {
            using CancellationTokenSource stop = new();
            using CpuBackend backend = new(threads: 1);
            using TrainingRun run = new(backend, recipe, Folder[name], resume: true, train, test, loss: loss);
            Action<TrainingProgress> watch = progress =>
            {
                if (progress.Step >= stopAfter)
                {
                    stop.Cancel();
                }
            };
            RunSummary summary = run.Run(watch, stop.Token);
            run.SaveModel(Folder[name + ".safetensors"]);
            return summary.Evaluation.Loss;
        }

        byte[] Model(string name) => File.ReadAllBytes(Folder[name + ".safetensors"]);

        static double SquaredError(
            ReadOnlySpan<float> outputs, ReadOnlySpan<float> targets, int batch, Span<float> gradient)
        {
            double sum = 0;
            for (int i = 0; i < outputs.Length; i++)
            {
                double error = (double)outputs[i] - targets[i];
                sum += error * error;
                gradient[i] = (float)((1f / batch) * (2 * error));
            }
            return sum / outputs.Length;
        }
    }

    [TestMethod]
    public void TargetsOfAnotherTaskAreRefused()
    {
        using MemoryDataset numbers = Brightness(8, seed: 1);
        using MemoryDataset classes = new(new float[8 * Size * Size], new int[8], s_sample, ["a", "b"]);
        using MemoryDataset soft = new(new float[Size * Size], new float[] { 0.5f, 0.75f }, s_sample, ["a", "b"]);
        Refused(Settings(ModelTask.MultiLabel, 2), classes, "model.task is 'multiLabel'", "one class each");
        Refused(Settings(ModelTask.MultiLabel, 1), numbers, "The target 'brightness' of sample", "0 to 1");
        Refused(Settings(ModelTask.Classification, 2), soft, "sample 0 sums to 1.25", "'multiLabel'");
        Recipe balanced = Settings(ModelTask.Classification, 2);
        Refused(
            balanced with { Training = balanced.Training with { BalanceClasses = true } }, soft,
            "training.balanceClasses is true", "training.classWeights");

        void Refused(Recipe recipe, ImageDataset data, params string[] texts)
        {
            using CpuBackend backend = new(threads: 1);
            Assert.Refuses<ConfigurationException>(
                () => new TrainingRun(backend, recipe, Folder["refused"], resume: false, data, data), texts);
        }
    }

    [TestMethod]
    [DataRow("model.task=regression", "data.dataset 'custom'")]
    [DataRow("model.task=multiLabel", "model.task is 'multiLabel', and the samples of data.dataset have one class")]
    [DataRow("data.classes=1", "data.classes is 1; use 2 to 100000")]
    [DataRow("training.chooseBy=meanAveragePrecision", "several labels, and model.task is 'classification'")]
    [DataRow("training.huberDelta=1", "training.huberDelta is 1")]
    public void SettingsOfRecipesThatDoNotFitAreRefused(string setting, string text) =>
        Assert.Contains(text, SmallRecipe.Refusal(setting));

    [TestMethod]
    public void CutMixOfARegressionIsRefused()
    {
        Recipe recipe = Settings(ModelTask.Regression, 1);
        recipe = recipe with { Data = recipe.Data with { Augmentation = new() { CutMix = 1 } } };
        Assert.Refuses<ConfigurationException>(recipe.Validate, "data.cutMix is 1", "data.mixup");
    }

    private void AssertFiles(EvaluationResult result)
    {
        string[] lines = File.ReadAllLines(Folder["run/metrics.jsonl"]);
        Assert.Contains("\"meanAbsoluteError\":", lines[0]);
        Assert.DoesNotContain("top1", string.Concat(lines));
        EvaluationResult read = RunHistory.Read(Folder["run/metrics.jsonl"]).Final!.Result;
        Assert.AreEqual(result.Loss, read.Loss);
        Assert.AreEqual(result.R2, read.R2);
        Assert.AreEqual(result.MeanAbsoluteError, read.MeanAbsoluteError);
        string report = File.ReadAllText(Folder["run/report.md"]);
        Assert.Contains("| training mean absolute error | test loss | test mean absolute error | test R² |", report);
        Assert.Contains("| brightness |", report);
    }

    private static Recipe Settings(ModelTask task, int outputs, int epochs = 8) => new()
    {
        Data = new DataSettings { Dataset = DatasetKind.Custom, Extents = [Size, Size], Classes = outputs },
        Model = new ModelSettings
        {
            Task = task,
            Stages = [new() { Blocks = 1, Channels = 8 }, new() { Blocks = 1, Channels = 8 }],
        },
        Training = new TrainingSettings
        {
            Epochs = epochs,
            BatchSize = 16,
            Optimizer = new() { Kind = OptimizerKind.AdamW, LearningRate = 0.01 },
        },
    };

    private static MemoryDataset Brightness(int count, int seed)
    {
        Random random = new(seed);
        float[] values = new float[count * Size * Size], targets = new float[count];
        for (int i = 0; i < values.Length; i++)
        {
            ref float target = ref targets[i / (Size * Size)];
            target = i % (Size * Size) == 0 ? random.NextSingle() * 2 - 1 : target;
            values[i] = target + random.NextSingle() - 0.5f;
        }
        return new MemoryDataset(values, targets, s_sample, ["brightness"]);
    }

    // The upper half has stripes along H or not, the lower half along W or not.
    private static MemoryDataset Halves(int count, int seed)
    {
        Random random = new(seed);
        float[] values = new float[count * Size * Size], targets = new float[2 * count];
        for (int i = 0; i < values.Length; i++)
        {
            (int sample, int row, int column) = (i / (Size * Size), i / Size % Size, i % Size);
            if (i % (Size * Size) == 0)
            {
                (targets[2 * sample], targets[2 * sample + 1]) = (random.Next(2), random.Next(2));
            }
            bool bright = row < Size / 2
                ? targets[2 * sample] > 0 && row % 2 == 0
                : targets[2 * sample + 1] > 0 && column % 2 == 0;
            values[i] = (bright ? 2 : 0) + random.NextSingle() - 0.5f;
        }
        return new MemoryDataset(values, targets, s_sample, ["rows", "columns"]);
    }
}
