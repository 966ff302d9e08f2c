// Trains a network on images that only this program has, saves it, loads it and asks it about new
// images. Run it with:
//     ./build.sh pack && cd samples/Embedding && dotnet run -c Release
using RevUp.Backends.Cpu;
using RevUp.Data;
using RevUp.Inference;
using RevUp.Models;
using RevUp.Recipes;
using RevUp.Runs;
using RevUp.Tensors;
using RevUp.Training;

const int Size = 16;
const string ModelPath = "stripes.safetensors";
string[] classes = ["horizontal", "vertical"];

// Ctrl-C ends the step in progress and leaves a checkpoint, from which `resume: true` goes on.
using CancellationTokenSource stop = new();
Console.CancelKeyPress += (_, key) =>
{
    key.Cancel = true;
    stop.Cancel();
};

Recipe recipe = new()
{
    Name = "stripes",
    Data = new DataSettings
    {
        Dataset = DatasetKind.Custom,
        Extents = [Size, Size],
        Channels = 1,
        Classes = classes.Length,
        Augmentation = new() { Padding = 2 },
    },
    // A preset's choices train better than ModelSettings' own: docs/embedding.md.
    Model = ModelPresets.Get("revup-38") with
    {
        Stages = [new() { Blocks = 2, Channels = 8 }, new() { Blocks = 2, Channels = 16 }],
    },
    Training = new TrainingSettings { Epochs = 4, BatchSize = 32, ClipNorm = 1 },
};
using (CpuBackend backend = new())
using (MemoryDataset train = Draw(512, seed: 1))
using (MemoryDataset test = Draw(128, seed: 2))
using (TrainingRun run = new(backend, recipe, folder: "runs/stripes", resume: true, train, test))
{
    RunSummary summary = run.Run(Report, stop.Token);
    if (summary.Interrupted)
    {
        return;
    }
    run.SaveModel(ModelPath);
    Console.WriteLine(
        $"test accuracy {summary.Evaluation.Top1:P1}, activations {summary.Peak[MemoryPurpose.Activations] >> 10} KiB");
}

// The file is all that a predictor needs, and many threads may share one.
using Predictor predictor = Predictor.Load(ModelPath);
using MemoryDataset unseen = Draw(256, seed: 3);
int correct = 0;
Parallel.For(0, unseen.Count, i =>
{
    ReadOnlySpan<byte> image = unseen.Pixels(i); // H × W × C bytes, from wherever
    float[] probabilities = predictor.Predict(image);
    if (probabilities[unseen.Label(i)] > 0.5)
    {
        Interlocked.Increment(ref correct);
    }
});
Console.WriteLine($"{correct} of {unseen.Count} new images are told apart: {string.Join(" or ", predictor.Classes)}");

static void Report(TrainingProgress progress)
{
    if (progress.Evaluation is { } evaluation)
    {
        Console.WriteLine(
            $"epoch {progress.Epoch}/{progress.Epochs}: loss {progress.Loss:F3}, test accuracy {evaluation.Top1:P1}");
    }
}

// Stripes of random width and phase under noise. A dataset of any other kind derives from
// ImageDataset.
MemoryDataset Draw(int count, int seed)
{
    Random random = new(seed);
    byte[] pixels = new byte[count * Size * Size], labels = new byte[count];
    for (int image = 0; image < count; image++)
    {
        labels[image] = (byte)random.Next(classes.Length);
        double frequency = 0.5 + random.NextDouble(), phase = 6.28 * random.NextDouble();
        for (int i = 0; i < Size * Size; i++)
        {
            int position = labels[image] == 0 ? i / Size : i % Size;
            pixels[image * Size * Size + i] =
                (byte)(128 + 80 * Math.Sin(frequency * position + phase) + random.Next(-40, 40));
        }
    }
    return new MemoryDataset(pixels, labels, new Shape(1, Size, Size, 1), classes);
}
