using RevUp.Benchmarks.GpuModel;
using RevUp.Models;
using RevUp.Planning;
using RevUp.Recipes;
using RevUp.Reversible;
using RevUp.Tensors;
using RevUp.Training;

namespace RevUp.Benchmarks.Studies;

/// <summary>
/// One measured configuration; its members, in snake case, are those that the PyTorch twins print.
/// </summary>
/// <param name="Mode">The memory policy.</param>
/// <param name="Batch">Images of a step.</param>
/// <param name="ImagesPerSecond">Batch over the median time of a step.</param>
/// <param name="PeakBytes">
/// The most memory of the arena that was in use at once: parameters, gradients, optimiser,
/// activations and workspace.
/// </param>
/// <param name="StepMs">Median time of a step.</param>
/// <param name="ModelMs">
/// Time of a step that <see cref="StepModel"/> predicts for an H200, at the nearest whole k.
/// </param>
/// <param name="HostMs">
/// Median time that the host takes to issue a step, waiting for nothing.
/// </param>
/// <param name="HandOverMs">
/// Median time that it takes after that to copy the next batch to where the device fetches it.
/// </param>
/// <param name="CudaGraph">Whether steps are replayed as a CUDA graph.</param>
/// <param name="MeanEvaluations">k; 0 when nothing was inverted.</param>
/// <param name="N">Steps measured.</param>
/// <param name="Largest">Whether the batch is the largest that fits.</param>
/// <param name="Arithmetic">Precision of all convolutions.</param>
/// <param name="Device">The device and its libraries.</param>
internal sealed record ThroughputRow(
    string Mode, int Batch, double ImagesPerSecond, long PeakBytes, double StepMs, double ModelMs, double HostMs,
    double HandOverMs, bool CudaGraph, double MeanEvaluations,
    int N, bool Largest, string Arithmetic, string Device);

/// <summary>
/// Images per second and memory of training under each policy, at one batch size and at the largest
/// that fits.
/// </summary>
internal static class GpuThroughputStudy
{
    private const int Warmups = 3;

    public static void Run(Arguments arguments)
    {
        Device device = Device.From(arguments);
        Recipe recipe = device.Recipe(arguments, "imagenet-revup-50");
        MemoryPolicy[] policies = arguments.Policies("store,checkpoint,invert");
        int blocks = arguments.Integer("--blocks", recipe.Model.BlockCount);
        int batch = arguments.Integer("--batch", 128);
        int steps = arguments.Integer("--steps", 20);
        string graph = arguments.Text("--cuda-graph", "off");
        ConfigurationException.Require(graph is "on" or "off", $"--cuda-graph is '{graph}'; use on or off");
        recipe = recipe with { Training = recipe.Training with { CudaGraph = graph == "on" } };
        // The largest batch of all that is tried; 0 leaves the search out.
        int bound = arguments.IntegerOrZero("--bound", 16_384);
        arguments.RequireNoOthers();
        recipe = recipe with { Model = recipe.Model.WithBlocks(blocks) };
        Report report = new("Images per second", arguments, device.Open);
        report.Paragraph(
            $"""
            Training steps of {recipe.Name}, {blocks} blocks, samples {recipe.Data.Sample}, in
            {device.Arithmetic(recipe)}; two batches of random data in turn, copied to the device in every
            step{(graph == "on" ? ", which is a CUDA graph" : "")}. Zero convolutions are drawn at random first, so that
            every block is at its Lipschitz bound. The learning rate is 0, so that every step trains the same network.
            Times are medians of `n` steps after {Warmups}, on the device's clock where it has one; the memory is the
            whole arena's peak. `model ms` is what the study `gpu-model` predicts for an H200, and no measurement.
            The largest batch is found by doubling and bisection, to 3 %.
            """);
        List<ThroughputRow> rows = [];
        List<string> limits = [];
        foreach (MemoryPolicy policy in policies)
        {
            Report.Progress($"{recipe.Name}, {policy}, batch {batch} ...");
            rows.Add(Measure(device, recipe, policy, batch, Warmups, steps));
            if (bound > 0)
            {
                rows.Add(MeasureLargest(device, recipe, policy, bound, steps, limits));
            }
        }
        report.Table(
            [
                "policy", "batch", "largest", "images/s", "step ms", "model ms", "host ms", "hand-over ms", "peak MiB",
                "KiB per image", "mean k", "n",
            ],
            rows.Select(row => (string[])
            [
                row.Mode,
                $"{row.Batch}",
                row.Largest ? "yes" : "",
                $"{row.ImagesPerSecond:F1}",
                $"{row.StepMs:F2}",
                $"{row.ModelMs:F2}",
                $"{row.HostMs:F2}",
                $"{row.HandOverMs:F2}",
                Report.MiB(row.PeakBytes),
                $"{row.PeakBytes / 1024.0 / row.Batch:F0}",
                row.MeanEvaluations > 0 ? $"{row.MeanEvaluations:F2}" : "",
                $"{row.N}",
            ]));
        if (limits.Count > 0)
        {
            report.Paragraph(string.Join(' ', limits));
        }
        report.WriteRows("gpu-throughput", rows);
        report.Write("gpu-throughput");
    }

    private static ThroughputRow MeasureLargest(
        Device device, Recipe recipe, MemoryPolicy policy, int bound, int steps, List<string> limits)
    {
        (int largest, string limit) = Device.Largest(unit: 1, bound, batch =>
        {
            Report.Progress($"{recipe.Name}, {policy}, does batch {batch} fit? ...");
            Measure(device, recipe, policy, batch, warmups: 0, steps: 1);
        });
        limits.Add($"`{MemoryTable.Name(policy)}` ends before {limit}.");
        return Measure(device, recipe, policy, largest, warmups: 1, Math.Min(steps, 5)) with { Largest = true };
    }

    private static ThroughputRow Measure(
        Device device, Recipe recipe, MemoryPolicy policy, int batch, int warmups, int steps)
    {
        using GpuTraining training = new(device, recipe, policy, batch, warmups > 0);
        (double milliseconds, double host, double handOver) = training.Measure(warmups, steps);
        InversionRecord[] inverted =
            [.. training.Step.Engine.Records.ToArray().Where(record => record.Evaluations > 0)];
        double evaluations = inverted.Length == 0 ? 0 : inverted.Average(record => record.Evaluations);
        Recipe predicted = recipe with { Training = training.Settings with { Accumulate = 1 } };
        int k = (int)Math.Round(evaluations);
        return new ThroughputRow(
            MemoryTable.Name(policy),
            batch,
            1000 * batch / milliseconds,
            training.Backend.Memory.TotalPeak,
            milliseconds,
            1e3 * StepModel.Predict(predicted, policy, k, GpuRates.H200).Total.Seconds,
            host,
            handOver,
            recipe.Training.CudaGraph,
            evaluations,
            steps,
            Largest: false,
            recipe.Model.Precision.Text(training.Backend),
            training.Backend.Description);
    }
}
