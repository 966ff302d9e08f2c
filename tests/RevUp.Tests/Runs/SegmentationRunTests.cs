using RevUp.Distributed;

namespace RevUp.Tests.Runs;

/// <summary>Runs that segment drawn lesions.</summary>
[TestClass]
public sealed class SegmentationRunTests
{
    private const string Json = """
        {
          "name": "lesions",
          "data": { "dataset": "lesions", "extents": [32, 32], "channels": 1, "trainingSamples": 32,
            "validationSamples": 4, "flip": true, "patchAugmentation": {} },
          "model": {
            "task": "segmentation",
            "activation": "elu",
            "stages": [ { "blocks": 1, "channels": 8 }, { "blocks": 2, "channels": 16 } ]
          },
          "training": { "epochs": 4, "batchSize": 4, "chooseBy": "dice",
            "optimizer": { "kind": "adamW", "learningRate": 0.01 } }
        }
        """;

    [TestMethod]
    public void ARunLearnsAndItsFolderHasTheMeasures()
    {
        using TemporaryFolder folder = new();
        RunSummary summary = Train(folder.Path, stopAfter: long.MaxValue, "training.epochs=10");
        EvaluationResult result = summary.Evaluation;
        Assert.IsGreaterThan(0.35, result.ForegroundDice, "background alone has 0");
        Assert.HasCount(4, result.Dice);
        Assert.AreEqual((64, 4), (result.Samples, summary.Validation!.Value.Samples), "whole cases");
        Assert.IsGreaterThan(0.9, result.Top1);
        // An evaluation that measures its tiles does not hide what the steps took.
        Assert.IsGreaterThan(4 * 32 * 32 * 8 * sizeof(float) * 3L, summary.Peak[MemoryPurpose.Activations]);
        Assert.IsTrue(result.Loss is > 0 and < 0.5, $"{result.Loss}");

        SegmentationResult maps = SegmentationJson.Read(folder.Path)!;
        Assert.AreEqual(DatasetSplit.Test, maps.Part);
        Assert.AreEqual(result.ForegroundDice, maps.Measures.ForegroundDice, 1e-12);
        Assert.HasCount(64, maps.Measures.Cases);
        Assert.IsNotEmpty(maps.Views);
        string report = File.ReadAllText(folder["report.md"]);
        Assert.Contains("mean Dice of the foreground", report);
        Assert.Contains(
            string.Create(
                System.Globalization.CultureInfo.InvariantCulture,
                $"mean IoU of all classes {maps.Measures.PooledIou:F4}"),
            report);

        // A whole case by the segmenter gives the labels of the evaluation.
        Recipe recipe = RecipeFile.Parse(Json, "lesions.json", []);
        using DensePatches test = (DensePatches)Datasets.Open(recipe.Data, DatasetSplit.Test);
        using Segmenter segmenter = Segmenter.Load(folder.Path);
        using DenseReader reader = test.Cases.OpenReader();
        Shape shape = test.Cases.Extents(3);
        float[] pixels = new float[shape.Count];
        ushort[] truth = new ushort[shape.Positions];
        reader.Read(3, new int[shape.SpatialRank], shape, pixels, truth);
        ushort[] labels = segmenter.Segment(pixels, shape);
        long right = labels.Zip(truth).Count(pair => pair.First == pair.Second && pair.First == 1);
        Assert.AreEqual(maps.Measures.Cases[3].Classes[1].TruePositives, right);
    }

    /// <summary>Bit for bit, in the middle of an epoch.</summary>
    [TestMethod]
    public void AStoppedRunEndsWithTheSameWeights()
    {
        using TemporaryFolder whole = new(), stopped = new();
        Train(whole.Path, stopAfter: long.MaxValue);
        Train(stopped.Path, stopAfter: 13);
        Train(stopped.Path, stopAfter: long.MaxValue);
        foreach (string name in (string[])["model.safetensors", "optimizer.safetensors"])
        {
            CollectionAssert.AreEqual(Newest(whole.Path, name), Newest(stopped.Path, name), name);
        }
    }

    [TestMethod]
    [DataRow("model.task=classification", "data.dataset has a label at every position")]
    [DataRow("data.dataset=synthetic", "the samples of data.dataset have one label each")]
    [DataRow("training.chooseBy=auc", "use 'dice', 'iou', 'top1' or 'loss'")]
    public void WhatDoesNotBelongToTheTaskIsRefused(string setting, string message) => Assert.Contains(
        message,
        Assert.ThrowsExactly<ConfigurationException>(
            () => RecipeFile.Parse(Json, "lesions.json", [setting]).Validate()).Message);

    /// <summary>
    /// The classes have as many voxels in the measures as the label maps in the files.
    /// </summary>
    [TestMethod]
    public void ResampledCasesAreMeasuredOnTheVoxelsOfTheirFiles()
    {
        using TemporaryFolder folder = new();
        Recipe recipe = OfFiles(folder["in"], "data.extents=[8,8,8]", "data.dense.spacing=[1,2,1]");
        using CpuBackend backend = new(threads: 1);
        using TrainingRun run = new(backend, recipe, folder["run"], resume: false);
        run.Run(null, CancellationToken.None);
        CaseMeasures measured = SegmentationJson.Read(folder["run"])!.Measures.Cases.Single();
        long[] voxels = [.. measured.Classes.Select(overlap => overlap.TruePositives + overlap.FalseNegatives)];
        int width = 12 + (measured.Name[0] - 'a');
        CollectionAssert.AreEqual(new long[] { width * 110 - 125, 123, 2 }, voxels);
        Assert.AreEqual(3.0, measured.Classes[1].VoxelVolume, "1.5 × 1 × 2 mm");

        using DensePatches held = (DensePatches)Datasets.Open(recipe.Data, DatasetSplit.Validation);
        SegmentationEvaluator evaluator = new(run.Network, held, new ChannelNormalization([0], [1]), 1L << 28);
        using StopAgreement never = new(Collective.Alone, CancellationToken.None);
        EvaluationResult again = evaluator.Evaluate(
            new SegmentationRecorder(held.Classes), damaged: null, progress: null, never);
        Assert.AreEqual((1, 0), (again.Samples, again.LeftOut), "cases are counted without progress, too");
    }

    /// <summary>
    /// A network of images learns from planes of volumes, and labels volumes plane by plane.
    /// </summary>
    [TestMethod]
    public void VolumesAreLabelledPlaneByPlane()
    {
        using TemporaryFolder folder = new();
        Recipe recipe = OfFiles(folder["in"], "data.extents=[8,8]");
        using CpuBackend backend = new(threads: 1);
        using TrainingRun run = new(backend, recipe, folder["run"], resume: false);
        EvaluationResult result = run.Run(null, CancellationToken.None).Evaluation;

        using DensePatches held = (DensePatches)Datasets.Open(recipe.Data, DatasetSplit.Validation);
        Shape shape = held.Cases.Extents(0), plane = new(1, shape.Extent(1), shape.Extent(2), 1);
        Assert.IsGreaterThan(1, shape.Extent(0));
        float[] pixels = new float[shape.Count];
        ushort[] truth = new ushort[shape.Positions];
        using DenseReader reader = held.Cases.OpenReader();
        reader.Read(0, [0, 0, 0], shape, pixels, truth);
        using Segmenter segmenter = Segmenter.Load(folder["run"]);
        ushort[] labels = segmenter.Segment(pixels, shape);
        int size = (int)plane.Positions;
        for (int depth = 0; depth < shape.Extent(0); depth++)
        {
            CollectionAssert.AreEqual(
                segmenter.Segment(pixels.AsMemory(depth * size, size), plane), labels[(depth * size)..][..size]);
        }
        double right = labels.Zip(truth).Count(pair => pair.First == pair.Second);
        Assert.AreEqual(right / labels.Length, result.Top1, 1e-12);
        Assert.IsTrue(result.Loss is > 0 and < 5, $"{result.Loss}");
    }

    [TestMethod]
    [DataRow(CheckpointMeasure.Dice, 1L)]
    [DataRow(CheckpointMeasure.Iou, 2L)]
    public void DiceAndIouChooseByTheirOwnFigures(CheckpointMeasure measure, long step)
    {
        EvaluationMetrics[] evaluations = [Evaluation(1, dice: 0.8, iou: 0.5), Evaluation(2, dice: 0.7, iou: 0.6)];
        Assert.AreEqual(step, CheckpointChoice.Best(evaluations, measure)!.Step);

        static EvaluationMetrics Evaluation(long step, double dice, double iou) => new(
            step, 0, new EvaluationResult(0.9, 0.1, 1) { Segmentation = new SegmentationSummary([1, dice], iou) });
    }

    // One epoch on files that are written to a folder.
    private static Recipe OfFiles(string folder, params string[] overrides)
    {
        CaseFolder.WriteNnUNet(folder);
        return RecipeFile.Parse(
            Json,
            "files.json",
            [
                "data.dataset=segmentationFolder", $"data.path={folder}", "data.channels=1", "data.classes=3",
                "data.trainingSamples=0", "data.validationSamples=1", "training.epochs=1", "training.batchSize=1",
                .. overrides,
            ]);
    }

    private static RunSummary Train(string folder, long stopAfter, params string[] overrides)
    {
        using CpuBackend backend = new(threads: 1);
        using TrainingRun run = new(backend, RecipeFile.Parse(Json, "lesions.json", overrides), folder, resume: true);
        using CancellationTokenSource stop = new();
        return run.Run(
            progress =>
            {
                if (progress.Step >= stopAfter)
                {
                    stop.Cancel();
                }
            },
            stop.Token);
    }

    private static byte[] Newest(string folder, string name) => File.ReadAllBytes(
        Directory.GetFiles(folder, name, SearchOption.AllDirectories).Order(StringComparer.Ordinal).Last());
}
