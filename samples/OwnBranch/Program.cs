// Trains a network with residual branches of this program's own, by inversion, saves it and loads
// it again. Run it with: ./build.sh pack && cd samples/OwnBranch && dotnet run -c Release
using RevUp.Backends.Cpu;
using RevUp.Data;
using RevUp.Inference;
using RevUp.Models;
using RevUp.Recipes;
using RevUp.Reversible;
using RevUp.Runs;
using RevUp.Tensors;
using RevUp.Training;

const int Size = 16;
const string ModelPath = "own-branch.safetensors";
string[] classes = ["horizontal", "vertical"];

Recipe recipe = new()
{
    Name = "own-branch",
    Data = new DataSettings { Dataset = DatasetKind.Custom, Extents = [Size, Size], Channels = 1, Classes = 2 },
    Model = ModelPresets.Get("revup-38") with
    {
        Stages = [new() { Blocks = 2, Channels = 8 }, new() { Blocks = 2, Channels = 16 }],
        Branch = BranchKind.Custom,
    },
    Reversible = new() { Policies = new() { Policy = MemoryPolicy.Invert } },
    Training = new TrainingSettings { Epochs = 4, BatchSize = 32, ClipNorm = 1 },
};
using (CpuBackend backend = new())
using (MemoryDataset train = Draw(512, seed: 1))
using (MemoryDataset test = Draw(128, seed: 2))
using (TrainingRun run = new(
    backend, recipe, "runs/own-branch", resume: false, train, test, branches: site => new SineBranch(site)))
{
    RunSummary summary = run.Run(progress: null, CancellationToken.None);
    run.SaveModel(ModelPath);
    Console.WriteLine(
        $"test accuracy {summary.Evaluation.Top1:P1}, worst inversion residual {summary.MaxInversionResidual:E1}, "
        + $"{summary.Replays} refused");
}

// The file holds the weights and the settings. The branch itself is code: its factory loads with
// it.
using Predictor predictor = Predictor.Load(ModelPath, branches: site => new SineBranch(site));
using MemoryDataset unseen = Draw(256, seed: 3);
int correct = 0;
for (int i = 0; i < unseen.Count; i++)
{
    correct += predictor.Predict(unseen.Pixels(i))[unseen.Label(i)] > 0.5f ? 1 : 0;
}
Console.WriteLine($"{correct} of {unseen.Count} new images are told apart by branches of its own");

// Stripes of random width and phase under noise.
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
