namespace RevUp.Tests.Models;

[TestClass]
public sealed class RevUpNetTests
{
    [TestMethod]
    [EveryModel(TestModel.Squeeze, TestModel.StridedVolume)]
    public void InferenceComputesWhatTrainingComputes(TestDevice device, string model)
    {
        using TestNetwork network = TestNetwork.Trained(device, model);
        float[] pixels = network.Data(0).Pixels;
        float[] inferred = network.Backend.Take(network.Net.Infer(pixels));
        Shape batch = network.Net.Sample.WithBatch((int)(pixels.Length / network.Net.Sample.Count));
        Tensor input = network.Backend.ToDevice(pixels, batch);
        Tensor logits = network.Engine.Forward(input);
        CollectionAssert.AreEqual(network.Backend.ToHost(logits), inferred);
        network.Engine.Backward(logits);
        network.Backend.Memory.Free(input);
        Assert.AreEqual(0, network.Backend.Memory.Use[MemoryPurpose.Activations]);
    }

    [TestMethod]
    [EveryBackend]
    public void PredictionsAreProbabilitiesAndChangeNothing(TestDevice device)
    {
        using TestNetwork network = TestNetwork.Trained(device, TestModel.Squeeze);
        float[] state = network.TrainingState();
        (float[] pixels, float[] targets) = network.Data(3);
        float[] probabilities = network.Net.Predict(pixels);
        Assert.HasCount(targets.Length, probabilities);
        for (int start = 0; start < probabilities.Length; start += TestModel.Classes)
        {
            Assert.AreEqual(1, probabilities.Skip(start).Take(TestModel.Classes).Sum(p => (double)p), 1e-6);
        }
        CollectionAssert.AreEqual(state, network.TrainingState());
        float[] alone = network.Net.Predict(pixels.AsSpan(0, (int)network.Net.Sample.Count));
        // Another batch size may choose another kernel, which rounds differently.
        Assert.IsLessThanOrEqualTo(1e-5, Vectors.RelativeDifference(probabilities[..TestModel.Classes], alone));
    }

    [TestMethod]
    [EveryBackend]
    public void ChangedParametersNeedAnInvalidation(TestDevice device)
    {
        using TestNetwork network = TestNetwork.Trained(device, TestModel.Chain);
        float[] pixels = network.Data(0).Pixels;
        float[] before = network.Net.Predict(pixels);
        network.DrawZeroConvolutions();
        CollectionAssert.AreNotEqual(before, network.Net.Predict(pixels));
    }

    [TestMethod]
    [EveryBackend]
    public void ANetworkThatRanOutOfMemoryWorksAgain(TestDevice device)
    {
        using TestNetwork network = TestNetwork.Trained(device, TestModel.Squeeze);
        Arena memory = network.Backend.Memory;
        float[] two = [.. network.Data(0).Pixels.Take(2 * (int)network.Net.Sample.Count)];
        float[] one = two[..(two.Length / 2)];
        float[] before = network.Net.Predict(one);
        int live = memory.LiveCount;
        List<Tensor> fillers = Exhaust(memory);
        // Preparing the first convolution for another batch is what fails.
        Assert.ThrowsExactly<ArenaExhaustedException>(() => network.Net.Predict(two));
        fillers.ForEach(memory.Free);
        CollectionAssert.AreEqual(before, network.Net.Predict(one));
        Assert.HasCount(2 * before.Length, network.Net.Predict(two));
        Assert.AreEqual(live, memory.LiveCount);
    }

    [TestMethod]
    [EveryBackend(0)]
    [EveryBackend(191)]
    [EveryBackend(193)]
    public void WhatIsNoWholeNumberOfSamplesIsRefused(TestDevice device, int length)
    {
        using TestNetwork network = new(device, TestModel.Get(TestModel.Squeeze));
        Assert.Refuses<ArgumentException>(
            () => network.Net.Predict(new float[length]), $"{length} numbers", "[1, 8, 8, 3] of 192 numbers");
    }

    [TestMethod]
    [EveryBackend]
    public void ASampleOrClassesThatAreNoneAreRefused(TestDevice device)
    {
        using Backend backend = device.Open();
        ModelSettings settings = TestModel.Get(TestModel.Chain).Settings;
        Assert.Contains("not [2, 8, 8, 3]", Refused(new Shape(2, 8, 8, 3), 3));
        Assert.Contains("not [8, 8, 3]", Refused(new Shape(8, 8, 3), 3));
        Assert.Contains("classes ('1')", Refused(new Shape(1, 8, 8, 3), 1));

        string Refused(Shape sample, int classes) =>
            Assert.Throws<ArgumentException>(() => new RevUpNet(backend, settings, sample, classes, seed: 1)).Message;
    }

    [TestMethod]
    [EveryBackend]
    public void OtherSeedsGiveOtherWeightsAndTheSameSeedTheSame(TestDevice device)
    {
        TestModel model = TestModel.Get(TestModel.Strided);
        CollectionAssert.AreEqual(Weights(1), Weights(1));
        CollectionAssert.AreNotEqual(Weights(1), Weights(2));

        float[] Weights(ulong seed)
        {
            using Backend backend = device.Open();
            using RevUpNet net = new(backend, model.Settings, model.Sample, TestModel.Classes, seed);
            return backend.ToHost(net.Parameters.Values);
        }
    }

    private static List<Tensor> Exhaust(Arena memory)
    {
        List<Tensor> fillers = [];
        for (long bytes = memory.Capacity; bytes >= Arena.Alignment;)
        {
            try
            {
                fillers.Add(memory.AllocateBytes(bytes, MemoryPurpose.Workspace));
            }
            catch (ArenaExhaustedException)
            {
                bytes /= 2;
            }
        }
        return fillers;
    }
}
