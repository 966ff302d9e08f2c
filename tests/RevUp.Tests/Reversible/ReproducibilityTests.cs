namespace RevUp.Tests.Reversible;

[TestClass]
public sealed class ReproducibilityTests
{
    [TestMethod]
    [EveryBackend(TestModel.Squeeze, MemoryPolicy.Invert)]
    [EveryBackend(TestModel.ImageNet, MemoryPolicy.Invert)]
    [EveryBackend(TestModel.Volume, MemoryPolicy.Invert)]
    [EveryBackend(TestModel.Bottleneck, MemoryPolicy.Store)]
    public void TheSameSeedTwiceGivesTheSameBytes(TestDevice device, string model, MemoryPolicy policy)
    {
        CollectionAssert.AreEqual(Run(), Run());

        float[] Run()
        {
            using TestNetwork network = new(device, TestModel.Get(model), policy, threads: 2);
            double[] losses = network.Train(5);
            return [.. losses.Select(loss => (float)loss), .. network.TrainingState()];
        }
    }
}
