// Trains a network on the ranks of an MPI launcher, on images that only this program has. Run it
// with:
//     ./build.sh pack && cd samples/Ranks && dotnet build -c Release
//     mpirun -np 2 --bind-to none bin/Release/net10.0/Ranks
// Without mpirun it is one process.
using RevUp.Backends.Cpu;
using RevUp.Data;
using RevUp.Distributed;
using RevUp.Models;
using RevUp.Recipes;
using RevUp.Runs;
using RevUp.Tensors;
using RevUp.Training;

const int Size = 16;
string[] classes = ["horizontal", "vertical"];

Recipe recipe = new()
{
    Name = "stripes",
    Data = new DataSettings
    {
        Dataset = DatasetKind.Custom,
        Extents = [Size, Size],
        Channels = 1,
        Classes = classes.Length,
    },
    Model = ModelPresets.Get("revup-38") with
    {
        Stages = [new() { Blocks = 2, Channels = 8 }, new() { Blocks = 2, Channels = 16 }],
    },
    // Four passes of 8 samples a step: for 1, 2 or 4 ranks, with the same bits.
    Training = new TrainingSettings
    {
        Epochs = 3,
        BatchSize = 8,
        Accumulate = 4,
        ClipNorm = 1,
        SumInRankOrder = true,
    },
};

Ranks.Run(ranks =>
{
    using CpuBackend backend = new(ranks.Threads);
    // Every rank has the same data; it reads its own batches of it.
    using MemoryDataset train = Draw(512, seed: 1);
    using MemoryDataset test = Draw(128, seed: 2);
    using TrainingRun run = new(backend, recipe, "runs/stripes", resume: true, train, test, ranks: ranks);
    RunSummary summary = run.Run(progress: null, CancellationToken.None);
    if (ranks.IsFirst)
    {
        Console.WriteLine($"{ranks.Size} ranks, {summary.Step} steps, test accuracy {summary.Evaluation.Top1:P1}");
    }
});

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
