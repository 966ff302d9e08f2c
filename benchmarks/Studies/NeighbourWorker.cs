using System.Diagnostics;
using RevUp.Backends.Cpu;
using RevUp.Inference;
using RevUp.Models;
using RevUp.Planning;
using RevUp.Recipes;
using RevUp.Tensors;
using RevUp.Training;

namespace RevUp.Benchmarks.Studies;

/// <summary>The processes of <see cref="NeighboursStudy"/> that run RevUp.</summary>
internal static class NeighbourWorker
{
    /// <summary>Command of the process that trains: RECIPE THREADS.</summary>
    public const string StepName = "measure-recipe-step";

    /// <summary>Command of the process that predicts: MODEL THREADS BATCH.</summary>
    public const string PredictionName = "measure-prediction";

    /// <summary>One training step of a recipe for every line, on random samples.</summary>
    public static void WorkSteps(string[] arguments)
    {
        Recipe recipe = Checkout.Recipe(arguments[0]);
        using CpuBackend backend = new(int.Parse(arguments[1]));
        using RevUpNet net = new(backend, recipe.Model, recipe.Data.Sample, recipe.Data.ClassCount, seed: 1);
        MemoryProbe.DrawZeroConvolutions(net, seed: 1);
        using TrainingStep step = new(net, recipe.Training, recipe.Reversible.Plan, recipe.Reversible.Inversion);
        (float[] pixels, float[] targets) = MemoryProbe.RandomBatch(net, recipe.Training);
        Serve(() => step.Run(pixels, targets, learningRateFactor: 0));
    }

    /// <summary>One prediction of a model for every line.</summary>
    public static void WorkPredictions(string[] arguments)
    {
        int threads = int.Parse(arguments[1]);
        using Predictor predictor = Predictor.Load(arguments[0], () => new CpuBackend(threads));
        CounterRandom random = new(1, 1, 1);
        float[] pixels = MemoryProbe.RandomPixels(int.Parse(arguments[2]) * (int)predictor.Sample.Count, ref random);
        Serve(() => predictor.Predict(pixels));
    }

    private static void Serve(Action work)
    {
        Worker.Serve(() =>
        {
            long start = Stopwatch.GetTimestamp();
            work();
            return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        });
    }
}
