using Microsoft.ML;
using Microsoft.ML.Data;
using RevUp.MLNet;

namespace RevUp.Tests.MLNet;

/// <summary>Networks in ML.NET's pipelines: stripes that lie or stand.</summary>
[TestClass]
public sealed class ReversibleNetworkTests : FolderTest
{
    private const int Size = 8;
    private const int Count = 64;
    private static readonly string[] s_names = ["lying", "standing"];
    private readonly MLContext _ml = new(seed: 1);

    [TestMethod]
    public void APipelineLearnsNamesAndEvaluates()
    {
        IDataView rows = _ml.Data.LoadFromEnumerable(BytesOf(1)), others = _ml.Data.LoadFromEnumerable(BytesOf(2));
        using TransformerChain<ITransformer> model = Pipeline().Fit(rows);
        IDataView answers = model.Transform(others);
        MulticlassClassificationMetrics metrics = _ml.MulticlassClassification.Evaluate(answers);
        Assert.AreEqual(1, metrics.MicroAccuracy);
        VBuffer<ReadOnlyMemory<char>> slots = default;
        answers.Schema["Score"].Annotations.GetValue("SlotNames", ref slots);
        Assert.AreEqual("lying, standing", string.Join(", ", slots.DenseValues()));
        Assert.AreEqual(
            string.Join(' ', BytesOf(2).Select(row => row.Label)),
            string.Join(' ', answers.GetColumn<string>("PredictedLabel")));
    }

    [TestMethod]
    public void ScoresAreThoseOfThePredictorAndOfTheSavedFile()
    {
        IDataView rows = _ml.Data.LoadFromEnumerable(BytesOf(1));
        IDataView keys = _ml.Transforms.Conversion.MapValueToKey("Label").Fit(rows).Transform(rows);
        using ReversibleNetworkTransformer network = Trainer().Fit(keys);
        float[][] scores = [.. network.Transform(rows).GetColumn<float[]>("Score")];
        for (int i = 0; i < Count; i++)
        {
            CollectionAssert.AreEqual(network.Predictor.Predict(Pixels(1, i)), scores[i]);
        }
        network.SaveModel(Folder["stripes.safetensors"]);
        using ReversibleNetworkTransformer loaded = _ml.Transforms
            .ApplyReversibleNetwork(Folder["stripes.safetensors"], openBackend: () => TestRuns.Backend()).Fit(rows);
        float[][] again = [.. loaded.Transform(rows).GetColumn<float[]>("Score")];
        CollectionAssert.AreEqual(scores.SelectMany(s => s).ToArray(), again.SelectMany(s => s).ToArray());
        StringAssert.Contains(
            Assert.ThrowsExactly<NotSupportedException>(
                () => _ml.Model.Save(network, rows.Schema, Folder["model.zip"])).Message,
            "ApplyReversibleNetwork");
    }

    [TestMethod]
    public void FilesAndFloatsAreLearntFromAndKeysKeepTheirValues()
    {
        IDataView files = _ml.Data.LoadFromEnumerable(
            Enumerable.Range(0, Count).Select(i => new FileRow { Image = Png(i), Label = i % 2 * 10 }));
        using (TransformerChain<ITransformer> model = Pipeline(3).Fit(files))
        {
            // An engine predicts one row after another, on the same network.
            using PredictionEngine<FileRow, FileAnswer> engine =
                _ml.Model.CreatePredictionEngine<FileRow, FileAnswer>(model, files.Schema);
            Assert.AreEqual(10, engine.Predict(new FileRow { Image = Png(1), Label = 0 }).PredictedLabel);
        }
        IDataView floats = _ml.Data.LoadFromEnumerable(
            Enumerable.Range(0, Count).Select(i => new FloatRow
            {
                Image = [.. Pixels(1, i).Select(value => value / 255f)],
                Label = s_names[i % 2],
            }));
        using TransformerChain<ITransformer> second = Pipeline().Fit(floats);
        Assert.AreEqual(1, _ml.MulticlassClassification.Evaluate(second.Transform(floats)).MicroAccuracy);
    }

    [TestMethod]
    public void WhatCannotBeLearntFromIsNamed()
    {
        IDataView rows = _ml.Data.LoadFromEnumerable(BytesOf(1));
        IDataView keys = _ml.Transforms.Conversion.MapValueToKey("Label").Fit(rows).Transform(rows);
        IDataView otherKeys = _ml.Transforms.Conversion.MapValueToKey("Label").Fit(
            _ml.Data.LoadFromEnumerable([BytesOf(1)[0], new BytesRow { Image = Pixels(1, 0), Label = "third" }]))
            .Transform(rows);
        Refuses("has no column 'Picture'", keys, options => options with { ImageColumnName = "Picture" });
        Refuses("has no column 'Class'", keys, options => options with { LabelColumnName = "Class" });
        Refuses("MapValueToKey", rows);
        Refuses("is of the type String", keys, options => options with { ImageColumnName = "Note" });
        Refuses("a vector of 75 bytes or floats", keys, options => options with { Recipe = Stripes(3, size: 5) });
        Refuses("has no label", otherKeys);
        Refuses("has the values", keys, options => options with { TestSet = otherKeys });
        Refuses("has no rows", _ml.Data.SkipRows(keys, Count));
    }

    [TestMethod]
    public void AStoppedTrainingGoesOn()
    {
        IDataView rows = _ml.Data.LoadFromEnumerable(BytesOf(1));
        IDataView keys = _ml.Transforms.Conversion.MapValueToKey("Label").Fit(rows).Transform(rows);
        using CancellationTokenSource stop = new();
        Assert.ThrowsExactly<OperationCanceledException>(() => Trainer(options => options with
        {
            Folder = Folder["run"],
            Progress = progress => { if (progress.Step == 3) { stop.Cancel(); } },
            Stop = stop.Token,
        }).Fit(keys));
        using ReversibleNetworkTransformer resumed =
            Trainer(options => options with { Folder = Folder["run"] }).Fit(keys);
        using ReversibleNetworkTransformer whole = Trainer().Fit(keys);
        CollectionAssert.AreEqual(
            whole.Predictor.Predict(Pixels(2, 0)), resumed.Predictor.Predict(Pixels(2, 0)));
    }

    private EstimatorChain<ITransformer> Pipeline(int channels = 1) =>
        _ml.Transforms.Conversion.MapValueToKey("Label")
            .Append(Trainer(options => options with { Recipe = Stripes(channels) }))
            .Append<ITransformer>(_ml.Transforms.Conversion.MapKeyToValue("PredictedLabel"));

    private ReversibleNetworkTrainer Trainer(
        Func<ReversibleNetworkOptions, ReversibleNetworkOptions>? change = null)
    {
        ReversibleNetworkOptions options = new()
        {
            Recipe = Stripes(1),
            OpenBackend = () => TestRuns.Backend(),
        };
        return _ml.MulticlassClassification.Trainers.ReversibleNetwork(change?.Invoke(options) ?? options);
    }

    private void Refuses(
        string words, IDataView rows, Func<ReversibleNetworkOptions, ReversibleNetworkOptions>? change = null) =>
        StringAssert.Contains(
            Assert.ThrowsExactly<ArgumentException>(() => Trainer(change).Fit(rows)).Message, words);

    private static Recipe Stripes(int channels, int size = Size) => new()
    {
        Name = "stripes",
        Data = new DataSettings { Extents = [size, size], Channels = channels },
        Model = new ModelSettings { Stages = [new() { Blocks = 1, Channels = 8 }] },
        Training = new TrainingSettings { Epochs = 8, BatchSize = 16, ClipNorm = 1 },
    };

    private static BytesRow[] BytesOf(int seed) =>
    [
        .. Enumerable.Range(0, Count).Select(i => new BytesRow { Image = Pixels(seed, i), Label = s_names[i % 2] }),
    ];

    private static byte[] Pixels(int seed, int image)
    {
        Random random = new(1000 * seed + image);
        int phase = random.Next(2);
        return
        [
            .. Enumerable.Range(0, Size * Size).Select(i =>
                (byte)(60 + 120 * (((image % 2 == 0 ? i / Size : i % Size) + phase) % 2) + random.Next(20))),
        ];
    }

    private static byte[] Png(int image) => PngWriter.Write(
        new Pixels([.. Pixels(1, image).SelectMany(value => (byte[])[value, value, value])], Size, Size, Channels: 3));

    private sealed class BytesRow
    {
        [VectorType(Size * Size)]
        public byte[] Image { get; set; } = [];

        public string Label { get; set; } = "";

        public string Note { get; set; } = "";
    }

    private sealed class FloatRow
    {
        [VectorType(Size * Size)]
        public float[] Image { get; set; } = [];

        public string Label { get; set; } = "";
    }

    private sealed class FileRow
    {
        public byte[] Image { get; set; } = [];

        public int Label { get; set; }
    }

    private sealed class FileAnswer
    {
        public int PredictedLabel { get; set; }
    }
}
