// Sorts images into classes in a pipeline of ML.NET, saves the network and reads it back. Run it
// with:
//     ./build.sh pack && cd samples/MLNet && dotnet run -c Release
using Microsoft.ML;
using Microsoft.ML.Data;
using RevUp.Data;
using RevUp.MLNet;
using RevUp.Models;
using RevUp.Recipes;
using RevUp.Training;

const string ModelPath = "stripes.safetensors";
MLContext ml = new(seed: 1);
IDataView train = ml.Data.LoadFromEnumerable(Stripes.Draw(512, seed: 1));
IDataView test = ml.Data.LoadFromEnumerable(Stripes.Draw(128, seed: 2));

Recipe recipe = new()
{
    Name = "stripes",
    Data = new DataSettings { Extents = [Stripes.Size, Stripes.Size], Channels = 1 },
    Model = ModelPresets.Get("revup-38") with
    {
        Stages = [new() { Blocks = 2, Channels = 8 }, new() { Blocks = 2, Channels = 16 }],
    },
    Training = new TrainingSettings { Epochs = 4, BatchSize = 32, ClipNorm = 1 },
};
var trainer = ml.MulticlassClassification.Trainers.ReversibleNetwork(new() { Recipe = recipe });
var pipeline = ml.Transforms.Conversion.MapValueToKey("Label").Append(trainer);
using (var model = pipeline.Fit(train))
{
    MulticlassClassificationMetrics metrics = ml.MulticlassClassification.Evaluate(model.Transform(test));
    Console.WriteLine($"test accuracy {metrics.MicroAccuracy:P1}");
    model.LastTransformer.SaveModel(ModelPath);
}

using var network = ml.Transforms.ApplyReversibleNetwork(ModelPath)
    .Append(ml.Transforms.Conversion.MapKeyToValue("PredictedLabel")).Fit(test);
using var engine = ml.Model.CreatePredictionEngine<Stripes, Answer>(network);
Stripes[] unseen = Stripes.Draw(256, seed: 3);
int correct = unseen.Count(image => engine.Predict(image).PredictedLabel == image.Label);
Console.WriteLine($"{correct} of {unseen.Length} new images are told apart");

/// <summary>Stripes of random width and phase under noise.</summary>
internal sealed class Stripes
{
    public const int Size = 16;

    [VectorType(Size * Size)]
    public byte[] Image { get; set; } = [];

    public string Label { get; set; } = "";

    public static Stripes[] Draw(int count, int seed)
    {
        Random random = new(seed);
        return [.. Enumerable.Range(0, count).Select(_ => One(random))];
    }

    private static Stripes One(Random random)
    {
        bool isHorizontal = random.Next(2) == 0;
        double frequency = 0.5 + random.NextDouble(), phase = 6.28 * random.NextDouble();
        byte[] pixels = new byte[Size * Size];
        for (int i = 0; i < pixels.Length; i++)
        {
            int position = isHorizontal ? i / Size : i % Size;
            pixels[i] = (byte)(128 + 80 * Math.Sin(frequency * position + phase) + random.Next(-40, 40));
        }
        return new Stripes { Image = pixels, Label = isHorizontal ? "horizontal" : "vertical" };
    }
}

/// <summary>The answer for an image.</summary>
internal sealed class Answer
{
    public string PredictedLabel { get; set; } = "";
}
