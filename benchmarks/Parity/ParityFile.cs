
using RevUp.Backends;
using RevUp.Formats;
using RevUp.Layers;
using RevUp.Models;
using RevUp.Planning;
using RevUp.Recipes;
using RevUp.Reversible;
using RevUp.Runs;
using RevUp.Tensors;
using RevUp.Training;
using TensorSet = System.Collections.Generic.SortedDictionary<string, (long[] Shape, float[] Values)>;

namespace RevUp.Benchmarks.Parity;

/// <summary>
/// One training step of a network as a safetensors file: "before/" and "after/" it parameters,
/// power-iteration state and momentum, "gradient/" of every parameter, the batch, logits, loss and
/// the evaluations of every block. The recipe is in the metadata, so that a twin is built from it
/// and nothing else.
/// </summary>
internal static class ParityFile
{
    private const int WarmupSteps = 2;
    private const long ScalarStream = 103;
    private const double ScalarDeviation = 0.2;

    /// <summary>
    /// Runs the recipe for a few steps, which leaves momentum and state behind, and writes the next
    /// one.
    /// </summary>
    public static void Write(Backend backend, Recipe recipe, string path)
    {
        using RevUpNet net = new(
            backend, recipe.Model, recipe.Data.Sample, recipe.Data.ClassCount, recipe.Training.Seed);
        MemoryProbe.DrawZeroConvolutions(net, recipe.Training.Seed);
        DrawScalars(net, recipe.Training.Seed);
        using TrainingStep step = new(net, recipe.Training, recipe.Reversible.Plan, recipe.Reversible.Inversion);
        for (int i = 0; i < WarmupSteps; i++)
        {
            (float[] pixels, float[] targets) = Batch(net, recipe.Training, i);
            step.Run(pixels, targets, learningRateFactor: 1);
        }
        TensorSet tensors = new(StringComparer.Ordinal);
        RecordState(tensors, "before/", net, step);
        RecordStep(tensors, net, step, Batch(net, recipe.Training, WarmupSteps));
        RecordState(tensors, "after/", net, step);
        Dictionary<string, string> metadata = new()
        {
            ["recipe"] = RecipeFile.Serialize(recipe),
            ["step"] = FormattableString.Invariant($"{WarmupSteps}"),
            ["transitions"] = $"{backend.TransitionType(recipe.Model.Precision.Element())}".ToLowerInvariant(),
            ["device"] = backend.Description,
        };
        SafetensorsTensor[] declarations =
            [.. tensors.Select(tensor => new SafetensorsTensor(tensor.Key, SafetensorsType.F32, tensor.Value.Shape))];
        using SafetensorsWriter writer = new(path, declarations, metadata);
        foreach ((string name, (long[] _, float[] values)) in tensors)
        {
            writer.Write<float>(name, values);
        }
        writer.Complete();
    }

    private static void RecordStep(
        TensorSet tensors, RevUpNet net, TrainingStep step, (float[] Pixels, float[] Targets) batch)
    {
        int count = batch.Targets.Length / net.Classes;
        tensors["input"] = (AxisOrders.Dimensions(net.Sample.WithBatch(count), AxisOrder.ChannelsLast), batch.Pixels);
        tensors["targets"] = ([count, net.Classes], batch.Targets);
        step.Accumulate(batch.Pixels, batch.Targets);
        foreach (Parameter parameter in net.Parameters.Parameters)
        {
            Record(tensors, "gradient/" + parameter.Name, net.Backend, parameter.Gradient);
        }
        float[] evaluations = [.. step.Engine.Records.ToArray().Select(record => (float)record.Evaluations)];
        tensors["evaluations"] = ([evaluations.Length], evaluations);
        // The weights are still those that the step was prepared with, and so are the norms: these
        // are the step's own logits.
        Tensor logits = net.Infer(batch.Pixels);
        Record(tensors, "logits", net.Backend, logits);
        net.Backend.Memory.Free(logits);
        tensors["loss"] = ([1], [(float)step.Update(learningRateFactor: 1).Loss]);
        if (step.Engine.Replays > 0)
        {
            throw new StudyException(
                "A block of this network could not be inverted within the hard limit; a twin has no fallback.");
        }
    }

    private static void RecordState(TensorSet tensors, string prefix, RevUpNet net, TrainingStep step)
    {
        foreach ((string name, Tensor tensor) in
            net.NamedTensors.Concat(Checkpoint.OptimizerTensors(net, step.Optimizer)))
        {
            Record(tensors, prefix + name, net.Backend, tensor);
        }
    }

    private static void Record(TensorSet tensors, string name, Backend backend, Tensor tensor)
    {
        float[] values = new float[tensor.Count];
        backend.Download<float>(tensor, values);
        tensors[name] = (AxisOrders.Dimensions(tensor.Shape, AxisOrder.ChannelsLast), values);
    }

    // Scalars that are where Fixup starts them would hide what each of them does.
    private static void DrawScalars(RevUpNet net, ulong seed)
    {
        long index = 0;
        foreach (Parameter parameter in
            net.Parameters.Parameters
                .Where(p => p.Group == ParameterGroup.Scalars || p.Name is "head.weight" or "head.bias"))
        {
            CounterRandom random = new(seed, ScalarStream, index++);
            float[] values = new float[parameter.Shape.Count];
            for (int i = 0; i < values.Length; i++)
            {
                values[i] = (float)(parameter.Initialization.Mean + ScalarDeviation * random.NextNormal());
            }
            net.Backend.Upload<float>(values, parameter.Value);
        }
        net.Invalidate();
    }

    private static (float[] Pixels, float[] Targets) Batch(RevUpNet net, TrainingSettings training, int step) =>
        MemoryProbe.RandomBatch(net, training with { Seed = training.Seed + (ulong)step });
}
