using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace RevUp.Tests.Inference;

/// <summary>Calls that wait without a thread, in batches of several.</summary>
[TestClass]
public sealed class PredictAsyncTests : FolderTest
{
    private const int Calls = 200;

    /// <summary>
    /// All calls are made while the predictor's thread is held: a call that kept its own thread
    /// waiting would never return.
    /// </summary>
    [TestMethod]
    public async Task ManyCallsGetTheirOwnProbabilitiesInBatches()
    {
        using Predictor predictor = PredictorFiles.Load(
            PredictorFiles.Write(Folder), new() { MaximumBatch = 8, BatchDelay = TimeSpan.FromMilliseconds(1) });
        float[][] expected = [.. Enumerable.Range(0, Calls).Select(i => predictor.Predict(PredictorFiles.Image(i)))];
        using ManualResetEventSlim open = Block(predictor);
        Task<float[]>[] calls =
            [.. Enumerable.Range(0, Calls).Select(i => predictor.PredictAsync(PredictorFiles.Image(i)))];
        open.Set();
        float[][] found = await Task.WhenAll(calls);
        for (int i = 0; i < Calls; i++)
        {
            AssertClose(expected[i], found[i]);
        }
        Assert.AreEqual(0, predictor.Memory[MemoryPurpose.Activations]);
    }

    [TestMethod]
    public async Task ConcurrentCallsShareAPassAndSizesArePowersOfTwo()
    {
        using Predictor predictor = PredictorFiles.Load(PredictorFiles.Write(Folder), new() { MaximumBatch = 16 });
        List<int> sizes = [];
        using MeterListener listener = Listen("revup.predictor.batch", sizes.Add);
        using ManualResetEventSlim open = Block(predictor);
        Task[] calls = [.. Enumerable.Range(0, 21).Select(i => predictor.PredictAsync(PredictorFiles.Image(i)))];
        open.Set();
        await Task.WhenAll(calls);
        CollectionAssert.AreEqual(new[] { 16, 8 }, sizes); // 16 and 5
    }

    [TestMethod]
    public async Task ACancelledCallEndsAtOnceAndIsNotComputed()
    {
        using Predictor predictor = PredictorFiles.Load(PredictorFiles.Write(Folder), new() { MaximumBatch = 4 });
        List<int> sizes = [];
        using MeterListener listener = Listen("revup.predictor.batch", sizes.Add);
        using CancellationTokenSource stop = new();
        using ManualResetEventSlim open = Block(predictor);
        Task<float[]> stopped = predictor.PredictAsync(PredictorFiles.Image(1), stop: stop.Token);
        Task<float[]> other = predictor.PredictAsync(PredictorFiles.Image(2));
        stop.Cancel();
        await Assert.ThrowsExactlyAsync<TaskCanceledException>(() => stopped); // while the thread is busy
        Assert.IsFalse(other.IsCompleted);
        await Assert.ThrowsExactlyAsync<TaskCanceledException>(
            () => predictor.PredictAsync(PredictorFiles.Image(1), stop: stop.Token));
        open.Set();
        Assert.HasCount(3, await other);
        CollectionAssert.AreEqual(new[] { 1 }, sizes);
    }

    [TestMethod]
    public async Task AFullQueueRefusesAndTheRestIsComputed()
    {
        using Predictor predictor = PredictorFiles.Load(PredictorFiles.Write(Folder), new() { MaximumQueue = 3 });
        int waiting = 0;
        using MeterListener listener = Listen("revup.predictor.queue", change => waiting += change);
        using ManualResetEventSlim open = Block(predictor);
        Task<float[]>[] calls =
            [.. Enumerable.Range(0, 3).Select(i => predictor.PredictAsync(PredictorFiles.Image(i)))];
        Assert.AreEqual(3, waiting);
        Assert.Refuses<PredictorBusyException>(
            () => { _ = predictor.PredictAsync(PredictorFiles.Image(9)); },
            "3 samples wait for the predictor, which takes 3 at most");
        open.Set();
        await Task.WhenAll(calls);
        Assert.HasCount(3, await predictor.PredictAsync(PredictorFiles.Image(9)));
        Assert.AreEqual(0, waiting);
    }

    [TestMethod]
    public async Task ACallOfManySamplesGoesThroughInPassesThatFitTheMemory()
    {
        string path = PredictorFiles.Write(Folder);
        using Predictor predictor = Predictor.Load(
            path, () => new CpuBackend(threads: 1, capacity: 1 << 20), options: new() { MaximumBatch = 1024 });
        byte[] images = [.. Enumerable.Range(0, 1000).SelectMany(PredictorFiles.Image)];
        Assert.ThrowsExactly<ArenaExhaustedException>(() => predictor.Predict(images, count: 1000));
        float[] found = await predictor.PredictAsync(images, count: 1000);
        for (int i = 0; i < 1000; i += 333)
        {
            AssertClose(predictor.Predict(PredictorFiles.Image(i)), found.AsSpan(3 * i, 3).ToArray());
        }
    }

    [TestMethod]
    public async Task ASampleThatOverflowsFailsAlone()
    {
        using Predictor predictor = PredictorFiles.Load(PredictorFiles.Write(Folder, new(SampleKind.Floats)));
        float[] clean = new float[PredictorFiles.Length], bad = new float[PredictorFiles.Length];
        Array.Fill(bad, 5e37f);
        using ManualResetEventSlim open = Block(predictor);
        Task<float[]> first = predictor.PredictAsync(clean), second = predictor.PredictAsync(bad);
        open.Set();
        AssertClose(predictor.Predict(clean), await first);
        ArgumentException exception = await Assert.ThrowsExactlyAsync<ArgumentException>(() => second);
        Assert.Contains("sample 0 overflows the network", exception.Message);
    }

    [TestMethod]
    public async Task BytesAndFloatsOfAFileWithoutKindDoNotMix()
    {
        using Predictor predictor = PredictorFiles.Load(PredictorFiles.Write(Folder));
        float[] floats = [.. PredictorFiles.Image(2).Select(level => level / 255f)];
        using ManualResetEventSlim open = Block(predictor);
        Task<float[]>[] calls =
            [predictor.PredictAsync(PredictorFiles.Image(2)), predictor.PredictAsync(floats)];
        open.Set();
        float[][] found = await Task.WhenAll(calls);
        AssertClose(found[0], found[1]);
    }

    [TestMethod]
    public void ProbabilitiesGoIntoMemoryOfTheCaller()
    {
        using Predictor predictor = PredictorFiles.Load(PredictorFiles.Write(Folder));
        float[] memory = new float[3];
        predictor.Predict(PredictorFiles.Image(1), memory);
        CollectionAssert.AreEqual(predictor.Predict(PredictorFiles.Image(1)), memory);
        Assert.Refuses<ArgumentException>(
            () => predictor.Predict(PredictorFiles.Image(1), new float[4]), "4 numbers of memory do not take");
    }

    [TestMethod]
    public void ADisposedPredictorAndImpossibleOptionsAreRefused()
    {
        string path = PredictorFiles.Write(Folder);
        Predictor predictor = PredictorFiles.Load(path);
        predictor.Dispose();
        Assert.ThrowsExactly<ObjectDisposedException>(
            () => { _ = predictor.PredictAsync(PredictorFiles.Image(1)); });
        foreach (PredictorOptions options in (PredictorOptions[])[
            new() { MaximumBatch = 0 }, new() { MaximumQueue = 0 }, new() { BatchDelay = TimeSpan.FromHours(1) }])
        {
            Assert.ThrowsExactly<ConfigurationException>(() => PredictorFiles.Load(path, options));
        }
    }

    /// <summary>A predictor with one thread leaves a training with its two.</summary>
    [TestMethod]
    public void ThreadsAreOfABackend()
    {
        using CpuBackend training = TestRuns.Backend(threads: 2);
        using Predictor predictor = PredictorFiles.Load(PredictorFiles.Write(Folder));
        predictor.Predict(PredictorFiles.Image(1));
        using CpuBackend other = TestRuns.Backend(threads: 3);
        Assert.EndsWith(", 2 threads", training.Description);
        Assert.EndsWith(", 3 threads", other.Description);
        ConcurrentBag<string> nested = [];
        using (training.Drive())
        {
            using (other.Drive())
            {
                nested.Add(Native());
            }
            nested.Add(Native());
        }
        CollectionAssert.AreEquivalent(new[] { "2 threads", "3 threads" }, nested.ToArray());
    }

    private static unsafe string Native()
    {
        byte* text = stackalloc byte[256];
        Assert.AreEqual(default, RevUp.Interop.Cpu.CpuLibrary.Describe(text, 256));
        return new string((sbyte*)text).Split(", ")[^1];
    }

    // Keeps the predictor's thread busy until the result is set.
    private static ManualResetEventSlim Block(Predictor predictor)
    {
        ManualResetEventSlim open = new(), busy = new();
        predictor.Hold(() =>
        {
            busy.Set();
            open.Wait();
        });
        busy.Wait();
        return open;
    }

    private static MeterListener Listen(string instrument, Action<int> found)
    {
        MeterListener listener = new()
        {
            InstrumentPublished = (published, self) =>
            {
                if (published.Name == instrument)
                {
                    self.EnableMeasurementEvents(published);
                }
            },
        };
        listener.SetMeasurementEventCallback<int>((_, value, _, _) => found(value));
        listener.Start();
        return listener;
    }

    private static void AssertClose(float[] expected, float[] found)
    {
        Assert.HasCount(expected.Length, found);
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.AreEqual(expected[i], found[i], 1e-5f);
        }
    }
}
