// example: usings
using RevUp.Backends.Cpu;
using RevUp.Models;
using RevUp.Reversible;
using RevUp.Tensors;
using RevUp.Training;
// example: end

namespace RevUp.Tests.Documents;

/// <summary>The training loop of the README, compiled and run.</summary>
[TestClass]
public sealed class ExampleTests
{
    [TestMethod]
    public void TheExampleOfTheReadmeRuns()
    {
        List<float> losses = [];
        float[] probabilities = Train(Batches(count: 3, size: 4), new float[32 * 32 * 3], losses);
        Assert.HasCount(3, losses);
        Assert.IsTrue(losses.TrueForAll(float.IsFinite));
        Assert.AreEqual(1, probabilities.Sum(), 1e-5);
    }

    private static float[] Train(
        IEnumerable<(float[] Pixels, float[] Targets)> batches, float[] image, List<float> losses)
    {
        // example: body
        using CpuBackend backend = new();
        ModelSettings settings = ModelPresets.Get("revup-38");
        using RevUpNet net = new(backend, settings, new Shape(1, 32, 32, 3), classes: 10, seed: 1);
        MemoryPlan plan = new() { Policy = MemoryPolicy.Invert };
        using TrainingStep step = new(net, new TrainingSettings(), plan, new InversionSettings());
        foreach ((float[] pixels, float[] targets) in batches) // yours: [N, 32, 32, 3] and [N, 10]
        {
            StepResult result = step.Run(pixels, targets, learningRateFactor: 1);
            Console.WriteLine($"loss {result.Loss:F3}, {backend.Memory.Peak[MemoryPurpose.Activations] >> 20} MiB");
            losses.Add((float)result.Loss); // not shown
        }
        float[] probabilities = net.Predict(image); // [32, 32, 3] in, [10] out
        // example: end
        return probabilities;
    }

    private static IEnumerable<(float[] Pixels, float[] Targets)> Batches(int count, int size)
    {
        for (int batch = 0; batch < count; batch++)
        {
            float[] pixels = new float[size * 32 * 32 * 3];
            float[] targets = new float[size * 10];
            for (int i = 0; i < pixels.Length; i++)
            {
                pixels[i] = MathF.Sin(i + batch);
            }
            for (int i = 0; i < size; i++)
            {
                targets[i * 10 + i % 10] = 1;
            }
            yield return (pixels, targets);
        }
    }
}
