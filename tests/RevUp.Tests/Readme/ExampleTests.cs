// example: usings
using RevUp.Backends.Cpu;
using RevUp.Models;
using RevUp.Reversible;
using RevUp.Tensors;
using RevUp.Training;
// example: end

namespace RevUp.Tests.Readme;

[TestClass]
public sealed class ExampleTests
{
    [TestMethod]
    public void TheExampleOfTheReadmeRunsAndIsTheOneThatStandsThere()
    {
        List<float> losses = [];
        float[] probabilities = Train(Batches(count: 3, size: 4), new float[32 * 32 * 3], losses);
        Assert.HasCount(3, losses);
        Assert.IsTrue(losses.TrueForAll(float.IsFinite));
        Assert.AreEqual(1, probabilities.Sum(), 1e-5);
        ReadmeExample.AssertStandsThere("ExampleTests.cs");
    }

    private static float[] Train(IEnumerable<(float[] Pixels, float[] Targets)> batches, float[] image, List<float> losses)
    {
        // example: body
        using CpuBackend backend = new();
        using RevUpNet net = new(backend, ModelPresets.Get("revup-38"), new Shape(1, 32, 32, 3), classes: 10, seed: 1);
        using TrainingStep step = new(net, new TrainingSettings(), new MemoryPlan { Policy = MemoryPolicy.Invert }, new InversionSettings());
        foreach ((float[] pixels, float[] targets) in batches) // yours: [N, 32, 32, 3] and [N, 10]
        {
            StepResult result = step.Run(pixels, targets, learningRateFactor: 1);
            Console.WriteLine($"step {step.Count}: loss {result.Loss:F3}, activations {backend.Memory.Peak[MemoryPurpose.Activations] >> 20} MiB");
            losses.Add((float)result.Loss); // not in the README
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
