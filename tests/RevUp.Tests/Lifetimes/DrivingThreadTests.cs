namespace RevUp.Tests.Lifetimes;

/// <summary>One thread drives a backend at a time.</summary>
[TestClass]
public sealed class DrivingThreadTests
{
    private const int Threads = 4;
    private const int Calls = 50;

    [TestMethod]
    [EveryBackend]
    public void ACallBesideAnotherNamesThePredictorAndChangesNothing(TestDevice device)
    {
        using TestNetwork twin = TestNetwork.Trained(device, TestModel.Chain, steps: 3);
        double expected = twin.Train(1)[0];
        using TestNetwork network = TestNetwork.Trained(device, TestModel.Chain, steps: 3);
        float[] pixels = network.Data(0).Pixels;
        List<Exception> refusals = [];
        network.Engine.InputObserver = (_, _) => OnAnotherThread(() =>
        {
            refusals.Add(Assert.ThrowsExactly<InvalidOperationException>(() => network.Net.Predict(pixels)));
            refusals.Add(Assert.ThrowsExactly<InvalidOperationException>(() => network.Step.Stage(pixels, pixels)));
            refusals.Add(Assert.ThrowsExactly<InvalidOperationException>(
                () => network.Backend.Memory.Allocate(new Shape(1), ElementType.Float32, MemoryPurpose.Workspace)));
        });
        Assert.AreEqual(expected, network.Train(1)[0]);
        Assert.HasCount(3 * network.Net.Blocks.Count, refusals);
        Assert.IsTrue(refusals.TrueForAll(refusal => refusal.Message.Contains("Predictor.Load")));
        CollectionAssert.AreEqual(twin.TrainingState(), network.TrainingState());
    }

    [TestMethod]
    public void OfManyThreadsEachGetsTheRightAnswerOrTheMessage()
    {
        TestDevice device = TestDevice.All[0];
        using TestNetwork network = TestNetwork.Trained(device, TestModel.Chain, steps: 3);
        float[] pixels = network.Data(0).Pixels;
        float[] expected = network.Net.Predict(pixels);
        int live = network.Backend.Memory.LiveCount;
        int answers = 0;
        Thread[] threads = [.. Enumerable.Range(0, Threads).Select(_ => new Thread(() =>
        {
            for (int call = 0; call < Calls; call++)
            {
                try
                {
                    if (network.Net.Predict(pixels).SequenceEqual(expected))
                    {
                        Interlocked.Increment(ref answers);
                    }
                }
                catch (InvalidOperationException exception) when (exception.Message.Contains("Predictor.Load"))
                {
                    Interlocked.Increment(ref answers);
                }
            }
        }))];
        Array.ForEach(threads, thread => thread.Start());
        Array.ForEach(threads, thread => thread.Join());
        Assert.AreEqual(Threads * Calls, answers);
        CollectionAssert.AreEqual(expected, network.Net.Predict(pixels));
        Assert.AreEqual(live, network.Backend.Memory.LiveCount);
    }

    [TestMethod]
    [EveryBackend]
    public void WorkMayGoOnOnAnotherThread(TestDevice device)
    {
        using TestNetwork twin = TestNetwork.Trained(device, TestModel.Chain, steps: 4);
        using TestNetwork network = TestNetwork.Trained(device, TestModel.Chain, steps: 2);
        float[]? prediction = null;
        OnAnotherThread(() => network.Train(1));
        OnAnotherThread(() => network.Train(1));
        OnAnotherThread(() => prediction = network.Net.Predict(network.Data(0).Pixels));
        CollectionAssert.AreEqual(twin.TrainingState(), network.TrainingState());
        CollectionAssert.AreEqual(twin.Net.Predict(twin.Data(0).Pixels), prediction);
        OnAnotherThread(network.Dispose);
        Assert.ThrowsExactly<ObjectDisposedException>(() => network.Train(1));
    }

    /// <summary>
    /// The disposal waits; the call in progress ends, with its result or with the exception of a
    /// closed object.
    /// </summary>
    [TestMethod]
    [EveryBackend]
    public void ADisposalByAnotherThreadWaitsForTheCall(TestDevice device)
    {
        using TestNetwork network = TestNetwork.Trained(device, TestModel.Chain, steps: 3);
        Thread? disposal = null;
        network.Engine.InputObserver = (_, _) =>
        {
            if (disposal is null)
            {
                disposal = new Thread(network.Backend.Dispose);
                disposal.Start();
                SpinWait.SpinUntil(() => network.Backend.IsDisposed);
            }
        };
        // The first call that enters the backend again is refused; the step itself may come to its
        // end before.
        try
        {
            network.Train(1);
        }
        catch (ObjectDisposedException)
        {
        }
        disposal!.Join();
        Assert.ThrowsExactly<ObjectDisposedException>(() => network.Train(1));
        Assert.ThrowsExactly<ObjectDisposedException>(() => network.Net.Predict(network.Data(0).Pixels));
    }

    private static void OnAnotherThread(Action work)
    {
        Exception? failure = null;
        Thread thread = new(() =>
        {
            try
            {
                work();
            }
            catch (Exception exception)
            {
                failure = exception;
            }
        });
        thread.Start();
        thread.Join();
        if (failure is not null)
        {
            throw new AssertFailedException($"On the other thread: {failure}", failure);
        }
    }
}
