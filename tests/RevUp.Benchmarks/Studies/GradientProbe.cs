using RevUp.Backends;
using RevUp.Models;
using RevUp.Reversible;
using RevUp.Tensors;

namespace RevUp.Benchmarks.Studies;

/// <summary>The gradient of all parameters together on one batch, weights and norms frozen.</summary>
internal static class GradientProbe
{
    /// <summary>The gradient under the engine's present plan; the network is prepared.</summary>
    public static float[] Of(RevUpNet network, ReversibleEngine engine, (float[] Pixels, float[] Targets) samples)
    {
        Backend backend = network.Backend;
        Arena memory = backend.Memory;
        int batch = (int)(samples.Pixels.Length / network.Sample.Count);
        Tensor gradients = network.Parameters.Gradients;
        backend.Fill(gradients, 0);
        Tensor input = memory.Allocate(network.Sample.WithBatch(batch), ElementType.Float32, MemoryPurpose.Activations);
        Tensor targets = memory.Allocate(new Shape(batch, network.Classes), ElementType.Float32, MemoryPurpose.Activations);
        Tensor statistics = memory.Allocate(new Shape(2), ElementType.Float64, MemoryPurpose.Workspace);
        backend.Upload<float>(samples.Pixels, input);
        backend.Upload<float>(samples.Targets, targets);
        // Not TrainingStep: it would iterate on the norms first, and every gradient would be that of slightly different weights.
        Tensor logits = engine.Forward(input);
        backend.CrossEntropy(logits, targets, 1f / batch, logits, statistics);
        engine.Backward(logits);
        memory.Free(input);
        memory.Free(targets);
        memory.Free(statistics);
        float[] values = new float[gradients.Count];
        backend.Download<float>(gradients, values);
        return values;
    }

    /// <summary>A row: the name, ‖g − reference‖ / ‖reference‖, 1 − cosine.</summary>
    public static string[] Compare(string name, float[] gradient, float[] reference)
    {
        (double difference, double cosine) = Compare(gradient, reference);
        return [name, $"{difference:0.0e-0}", $"{Math.Max(0, 1 - cosine):0.0e-0}"];
    }

    /// <summary>‖g − reference‖ / ‖reference‖ and the cosine of the two.</summary>
    public static (double Difference, double Cosine) Compare(float[] gradient, float[] reference)
    {
        double difference = 0, dot = 0, square = 0, referenceSquare = 0;
        for (int i = 0; i < gradient.Length; i++)
        {
            (double g, double r) = (gradient[i], reference[i]);
            difference += (g - r) * (g - r);
            dot += g * r;
            square += g * g;
            referenceSquare += r * r;
        }
        return (Math.Sqrt(difference / referenceSquare), dot / Math.Sqrt(square * referenceSquare));
    }
}
