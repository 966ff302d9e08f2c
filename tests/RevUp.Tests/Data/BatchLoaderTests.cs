namespace RevUp.Tests.Data;

[TestClass]
public sealed class BatchLoaderTests
{
    private const int Images = 103;
    private const int Classes = 4;
    private static readonly SyntheticDataset Dataset = SyntheticDataset.Create(
        Images, new Shape(1, 6, 5, 3), Classes, seed: 1);
    private static readonly ChannelNormalization Normalization = ChannelNormalization.Compute(Dataset);

    private static readonly BatchLoaderOptions Training =
        new()
        {
            BatchSize = 8,
            Shuffle = true,
            Seed = 7,
            Augmentation = new() { Padding = 2, Flip = true, LabelSmoothing = 0.1 },
        };

    [TestMethod]
    [DataRow(2, 1)]
    [DataRow(2, 4)]
    [DataRow(5, 7)]
    public void WorkersAndPrefetchDoNotChangeTheResult(int workers, int prefetch)
    {
        using BatchLoader single = Load(Training with { Workers = 1, Prefetch = 1 });
        using BatchLoader many = Load(Training with { Workers = workers, Prefetch = prefetch });
        for (int epoch = 0; epoch < 3; epoch++)
        {
            AssertEqual(Copy(single.Epoch(epoch)), Copy(many.Epoch(epoch)));
        }
    }

    [TestMethod]
    public void ResumingInMidEpochEqualsTheUninterruptedRun()
    {
        using BatchLoader whole = Load(Training);
        List<Sample> first = Copy(whole.Epoch(3)), second = Copy(whole.Epoch(4));
        for (int start = 0; start <= whole.BatchesPerEpoch; start++)
        {
            using BatchLoader resumed = Load(Training);
            AssertEqual(first[start..], Copy(resumed.Epoch(3, start)));
            AssertEqual(second, Copy(resumed.Epoch(4)));
        }
    }

    [TestMethod]
    public void AnEnumerationThatIsLeftOrRepeatedStartsAnew()
    {
        using BatchLoader loader = Load(Training with { Workers = 3 });
        List<Sample> expected = Copy(loader.Epoch(0));
        for (int taken = 1; taken < 6; taken++)
        {
            _ = Copy(loader.Epoch(1).Take(taken));
            AssertEqual(expected, Copy(loader.Epoch(0)));
        }
    }

    [TestMethod]
    public void AnEvaluationPassesTheImagesInOrderAndUnchanged()
    {
        using BatchLoader loader = Load(new BatchLoaderOptions { BatchSize = 10 });
        float[] pixels = [.. Copy(loader.Epoch(0)).SelectMany(batch => batch.Pixels)];
        float[] targets = [.. Copy(loader.Epoch(0)).SelectMany(batch => batch.Targets)];
        for (int i = 0; i < pixels.Length; i++)
        {
            byte value = Dataset.Pixels(i / 90)[i % 90];
            Assert.AreEqual(Normalization.Table(i % 3)[value], pixels[i]);
        }

        for (int i = 0; i < targets.Length; i++)
        {
            Assert.AreEqual(Dataset.Label(i / Classes) == i % Classes ? 1f : 0f, targets[i]);
        }

        Assert.AreEqual((Images * 90, Images * Classes), (pixels.Length, targets.Length));
    }

    [TestMethod]
    public void AnEpochUsesEveryImageOnceInAnOrderOfItsOwn()
    {
        using BatchLoader loader = Load(Training with { Augmentation = new() });
        List<string> first = Keys(loader.Epoch(0)), second = Keys(loader.Epoch(1));
        Assert.AreEqual(Images, first.Distinct().Count());
        CollectionAssert.AreNotEqual(first, second);
        CollectionAssert.AreEquivalent(first, second);
    }

    [TestMethod]
    [DataRow(false, 13, 7)]
    [DataRow(true, 12, 8)]
    public void TheLastBatchIsSmallerOrDropped(bool dropLast, int batches, int last)
    {
        using BatchLoader loader = Load(Training with { DropLast = dropLast });
        List<Sample> epoch = Copy(loader.Epoch(0));
        Assert.AreEqual(
            (batches, batches, last), (loader.BatchesPerEpoch, epoch.Count, epoch[^1].Targets.Length / Classes));
        CollectionAssert.AreEqual(Enumerable.Range(0, batches).ToArray(), epoch.Select(batch => batch.Index).ToArray());
    }

    [TestMethod]
    public void TargetsAreSmoothed()
    {
        using BatchLoader loader = Load(
            new BatchLoaderOptions { BatchSize = 1, Augmentation = new() { LabelSmoothing = 0.2 } });
        Sample second = Copy(loader.Epoch(0).Take(2))[1];
        CollectionAssert.AreEqual(new[] { 0.05f, 0.85f, 0.05f, 0.05f }, second.Targets);
    }

    [TestMethod]
    public void ABatchThatWasGivenBackCannotBeRead()
    {
        using BatchLoader loader = Load(Training);
        using IEnumerator<Batch> batches = loader.Epoch(0).GetEnumerator();
        batches.MoveNext();
        Batch batch = batches.Current;
        Assert.AreEqual(8 * 90, batch.Pixels.Length);
        batch.Dispose();
        batch.Dispose();
        Assert.ThrowsExactly<ObjectDisposedException>(() => batch.Pixels.Length);
        Assert.IsTrue(batches.MoveNext());
        Assert.AreEqual(1, batches.Current.Index);
    }

    [TestMethod]
    public void AnOlderEnumerationEndsWhenAnotherBegins()
    {
        using BatchLoader loader = Load(Training);
        using IEnumerator<Batch> older = loader.Epoch(0).GetEnumerator();
        older.MoveNext();
        _ = Copy(loader.Epoch(5).Take(1));
        Assert.ThrowsExactly<InvalidOperationException>(() => older.MoveNext());
    }

    [TestMethod]
    public void AFailureInAWorkerIsThrownWhenItsBatchIsDue()
    {
        var failing = new HookedDataset(
            Dataset, index => _ = index != 45 ? index : throw new InvalidDataException("image-45"));
        using var loader = new BatchLoader(
            failing, Normalization, new BatchLoaderOptions { BatchSize = 10, Workers = 3 });
        var seen = new List<int>();
        InvalidDataException error = Assert.ThrowsExactly<InvalidDataException>(() =>
        {
            foreach (Batch batch in loader.Epoch(0))
            {
                seen.Add(batch.Index);
            }
        });
        Assert.AreEqual("image-45", error.Message);
        CollectionAssert.AreEqual(new[] { 0, 1, 2, 3 }, seen);
        Assert.AreEqual(6, Copy(loader.Epoch(0, 5)).Count, "the batches after the failed one are there");
    }

    [TestMethod]
    [Timeout(30_000)]
    public void DisposingWhilePrefetchingStopsEveryWorkerAtItsNextSample()
    {
        const int Workers = 4;
        int reads = 0;
        using ManualResetEventSlim gate = new();
        HookedDataset blocked = new(Dataset, _ =>
        {
            Interlocked.Increment(ref reads);
            gate.Wait();
        });
        BatchLoader loader = new(blocked, Normalization, new BatchLoaderOptions { BatchSize = 100, Workers = Workers });
        Task<ObjectDisposedException> consumer = Task.Run(
            () => Assert.ThrowsExactly<ObjectDisposedException>(() => Copy(loader.Epoch(0))));
        blocked.FirstRead.Wait();
        Task disposal = Task.Run(loader.Dispose);
        consumer.Wait(); // it learns of the disposal while every worker still waits in its read
        gate.Set();
        disposal.Wait();
        Assert.IsLessThanOrEqualTo(Workers, reads, "a worker went on to its second sample");
        Assert.ThrowsExactly<ObjectDisposedException>(() => Copy(loader.Epoch(0)));
        loader.Dispose();
    }

    /// <summary>
    /// 16 workers are in the same 16 samples at once, though one batch ahead has only 20.
    /// </summary>
    [TestMethod]
    [Timeout(60_000)]
    public void EveryWorkerIsBusyHoweverFewBatchesAreAhead()
    {
        const int Workers = 16;
        using CountdownEvent missing = new(Workers);
        HookedDataset slow = new(Dataset, _ =>
        {
            if (!missing.IsSet)
            {
                missing.Signal();
                missing.Wait();
            }
        });
        BatchLoaderOptions options = new() { BatchSize = 20, Workers = Workers, Prefetch = 1 };
        using BatchLoader loader = new(slow, Normalization, options);
        Assert.HasCount(6, Copy(loader.Epoch(0)));
        Assert.IsGreaterThan(TimeSpan.Zero, loader.Waited);
    }

    [TestMethod]
    [DoNotParallelize]
    public void NothingIsAllocatedPerBatch()
    {
        using BatchLoader loader = Load(Training with { Workers = 3 });
        Drain(loader, firstEpoch: 0, epochs: 20); // warm: jitted, and every buffer used
        long consumer = GC.GetAllocatedBytesForCurrentThread(), all = GC.GetTotalAllocatedBytes(precise: true);
        Drain(loader, firstEpoch: 20, epochs: 100);
        consumer = GC.GetAllocatedBytesForCurrentThread() - consumer;
        all = GC.GetTotalAllocatedBytes(precise: true) - all;
        Assert.IsLessThan(100 * 256, consumer, "one enumerator per epoch and no more");
        // 10 300 samples: 9 bytes each would show
        Assert.IsLessThan(100 * 256 + (64 << 10), all, "1300 batches on three workers; the rest is the test host's");
    }

    [TestMethod]
    public void OptionsThatCannotWorkAreRefusedByName()
    {
        AssertRefused("training.batchSize is 0", Training with { BatchSize = 0 });
        AssertRefused("data.workers is 0", Training with { Workers = 0 });
        AssertRefused("data.prefetch is 0", Training with { Prefetch = 0 });
        AssertRefused("data.padding is 5", Training with { Augmentation = new() { Padding = 5 } });
        AssertRefused("training.labelSmoothing is 1", Training with { Augmentation = new() { LabelSmoothing = 1 } });
        AssertRefused("makes no batch of 104", Training with { BatchSize = 104, DropLast = true });
        Assert.ThrowsExactly<ConfigurationException>(
            () => new BatchLoader(Dataset, new ChannelNormalization([0], [1]), Training));
        using BatchLoader loader = Load(Training);
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => loader.Epoch(-1));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => loader.Epoch(0, 14));
    }

    private static BatchLoader Load(BatchLoaderOptions options) => new(Dataset, Normalization, options);

    private static List<Sample> Copy(IEnumerable<Batch> batches) =>
        [.. batches.Select(
            batch => new Sample(
                batch.Epoch, batch.Index, batch.Pixels.Values(Dataset.Sample), batch.Targets.ToArray()))];

    private static List<string> Keys(IEnumerable<Batch> batches) =>
        [.. Copy(batches).SelectMany(batch => batch.Pixels.Chunk(90)).Select(image => string.Join(' ', image))];

    private static void Drain(BatchLoader loader, int firstEpoch, int epochs)
    {
        for (int epoch = firstEpoch; epoch < firstEpoch + epochs; epoch++)
        {
            foreach (Batch batch in loader.Epoch(epoch))
            {
                batch.Dispose();
            }
        }
    }

    private static void AssertRefused(string message, BatchLoaderOptions options) =>
        Assert.Refuses<ConfigurationException>(() => Load(options), message);

    private static void AssertEqual(List<Sample> expected, List<Sample> actual)
    {
        Assert.AreEqual(expected.Count, actual.Count);
        foreach ((Sample one, Sample other) in expected.Zip(actual))
        {
            Assert.AreEqual((one.Epoch, one.Index), (other.Epoch, other.Index));
            Assert.IsTrue(
                one.Pixels.AsSpan().SequenceEqual(other.Pixels), $"pixels of epoch {one.Epoch}, batch {one.Index}");
            Assert.IsTrue(
                one.Targets.AsSpan().SequenceEqual(other.Targets), $"targets of epoch {one.Epoch}, batch {one.Index}");
        }
    }

    private sealed record Sample(int Epoch, int Index, float[] Pixels, float[] Targets);
}
