namespace RevUp.Tests.Training;

/// <summary>
/// A batch that is not finite is to blame for its loss, and the learning rate is not.
/// </summary>
[TestClass]
public sealed class FaultyBatchTests
{
    [TestMethod]
    [EveryBackend]
    public void TheFirstNumberThatIsNotFiniteIsNamed(TestDevice device)
    {
        using TestNetwork network = new(device, TestModel.Get(TestModel.Squeeze));
        network.Train(2);
        (float[] pixels, float[] targets) = network.Data(2);
        int sample = (int)network.Net.Sample.Count;
        (pixels[sample + 3], pixels[sample + 5]) = (float.NaN, float.PositiveInfinity);

        Refused($"pixels[{sample + 3}], in sample 1, is NaN", () => network.Step.Run(pixels, targets, 1));
        Refused($"pixels[{sample + 3}], in sample 1, is NaN", () => network.Step.Accumulate(pixels, targets));
        network.Step.Stage(pixels, targets);
        Refused($"pixels[{sample + 3}], in sample 1, is NaN", () =>
        {
            network.Step.Start(1);
            network.Step.Finish();
        });
        pixels = network.Data(2).Pixels;
        targets[TestModel.Classes] = float.PositiveInfinity;
        Refused($"targets[{TestModel.Classes}], in sample 1, is Infinity", () => network.Step.Run(pixels, targets, 1));

        Assert.IsTrue(double.IsFinite(network.Train(1)[0]), "the next batch is trained on");
    }

    [TestMethod]
    public void AVoxelIsNamed()
    {
        using DiskTraining disks = new(
            TestDevice.All.Single(device => device.ToString() == "cpu"), MemoryPolicy.Invert);
        (float[] pixels, ushort[] labels) = disks.Data(0);
        pixels[700] = float.NegativeInfinity;
        Refused("pixels[700], in sample 2, is -Infinity", () => disks.Step.Run(pixels, labels, 1));
    }

    private static void Refused(string fault, Action call)
    {
        string message = Assert.ThrowsExactly<TrainingDivergedException>(call).Message;
        Assert.Contains($"The batch is to blame: {fault}. Correct that sample or leave it out.", message);
        Assert.DoesNotContain("learning rate", message);
    }
}
