namespace RevUp.Tests.Golden;

/// <summary>
/// Losses of the first steps from a fixed seed, on fixed data. A change that is meant to keep the
/// mathematics keeps these numbers; one that is not says so by changing them.
/// </summary>
[TestClass]
public sealed class GoldenLossTests
{
    // Other instruction sets and thread counts round differently, by about 1e-6 in the first
    // gradient. Training at this rate multiplies a difference by less than 2 a step, so that after
    // 6 steps 1e-4 is left for it; a wrong formula shows in the second digit.
    private const double Tolerance = 1e-4;

    [TestMethod]
    [EveryBackend(TestModel.Squeeze, 1.098612, 1.090473, 1.076416, 1.060327, 1.033888, 1.001447)]
    [EveryBackend(TestModel.Strided, 1.098612, 1.093198, 1.085259, 1.075591, 1.061298, 1.048766)]
    [EveryBackend(TestModel.Bottleneck, 1.098612, 1.077666, 1.038414, 0.992921, 0.938871, 0.858596)]
    [EveryBackend(TestModel.ImageNet, 1.098612, 1.080797, 1.060171, 1.018195, 0.904160, 0.746028)]
    [EveryBackend(TestModel.Volume, 1.098612, 1.085945, 1.058180, 1.025028, 0.979389, 0.914756)]
    [EveryBackend(TestModel.StridedVolume, 1.098612, 1.098226, 1.097648, 1.096106, 1.093876, 1.093232)]
    public void TheFirstLossesAreKnown(TestDevice device, string model, params double[] expected)
    {
        using TestNetwork network = new(device, TestModel.Get(model));
        double[] losses = network.Train(expected.Length);
        for (int i = 0; i < losses.Length; i++)
        {
            Assert.AreEqual(
                expected[i], losses[i], Tolerance * expected[0],
                $"step {i}; all losses: {string.Join(", ", losses.Select(l => $"{l:F6}"))}");
        }
    }
}
