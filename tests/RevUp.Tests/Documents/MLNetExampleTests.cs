using Microsoft.ML;
using Microsoft.ML.Data;
using RevUp.MLNet;

namespace RevUp.Tests.Documents;

/// <summary>The examples of docs/mlnet.md, compiled and run.</summary>
[TestClass]
public sealed class MLNetExampleTests : FolderTest
{
    [TestMethod]
    public void TheExamplesRun()
    {
        MLContext ml = new(seed: 1);
        IDataView images = ml.Data.LoadFromEnumerable(
            Enumerable.Range(0, 32).Select(i => new Row { Image = ImageFiles.Png(i, 6, 6), Label = $"{i % 2}" }));
        (ITransformer model, MulticlassClassificationMetrics metrics) = Train(ml, images, images, size: 8, epochs: 1);
        Assert.IsGreaterThan(0, metrics.LogLoss);
        ReversibleNetworkTransformer network =
            ((IEnumerable<ITransformer>)model).OfType<ReversibleNetworkTransformer>().Single();
        using ((IDisposable)model)
        {
            SaveAndLoad(ml, images, network, Folder["flowers.safetensors"]);
        }
    }

    private static (ITransformer Model, MulticlassClassificationMetrics Metrics) Train(
        MLContext ml, IDataView images, IDataView others, int size, int epochs)
    {
        // example: train
        Recipe recipe = new()
        {
            Name = "flowers",
            Data = new DataSettings { Extents = [size, size], Channels = 3, Augmentation = new() { Flip = true } },
            Model = ModelPresets.Get("revup-38"),
            Training = new TrainingSettings { Epochs = epochs, BatchSize = 32, ClipNorm = 1 },
        };
        var pipeline = ml.Transforms.Conversion.MapValueToKey("Label")
            .Append(ml.MulticlassClassification.Trainers.ReversibleNetwork(new() { Recipe = recipe }))
            .Append(ml.Transforms.Conversion.MapKeyToValue("PredictedLabel"));
        var model = pipeline.Fit(images);
        MulticlassClassificationMetrics metrics = ml.MulticlassClassification.Evaluate(model.Transform(others));
        // example: end
        return (model, metrics);
    }

    private static void SaveAndLoad(
        MLContext ml, IDataView images, ReversibleNetworkTransformer network, string path)
    {
        // example: load
        network.SaveModel(path); // network: the ReversibleNetworkTransformer that Fit returned
        using ReversibleNetworkTransformer loaded = ml.Transforms.ApplyReversibleNetwork(path).Fit(images);
        // example: end
        Assert.AreEqual(
            string.Join(' ', network.Transform(images).GetColumn<float[]>("Score").SelectMany(s => s)),
            string.Join(' ', loaded.Transform(images).GetColumn<float[]>("Score").SelectMany(s => s)));
    }

    private sealed class Row
    {
        public byte[] Image { get; set; } = [];

        public string Label { get; set; } = "";
    }
}
