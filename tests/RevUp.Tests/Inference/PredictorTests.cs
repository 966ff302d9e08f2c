namespace RevUp.Tests.Inference;

[TestClass]
public sealed class PredictorTests : FolderTest
{
    private const int Callers = 8;
    private const int Images = 48;

    private static readonly string[] Names = PredictorFiles.Names;
    private static readonly ChannelNormalization Normalization = PredictorFiles.Normalization;

    [TestMethod]
    public void TheFileAloneGivesTheProbabilitiesOfTheNetwork()
    {
        using CpuBackend backend = TestRuns.Backend();
        using RevUpNet net = Save(Folder, backend);
        using Predictor predictor = Load(Folder);
        Assert.AreEqual(net.Sample, predictor.Sample);
        CollectionAssert.AreEqual(Names, predictor.Classes.ToArray());

        byte[] image = Image(1);
        float[] normalized = [.. image.Select(
            (level, i) => (float)((level / 255.0 - Normalization.Mean[i % 3]) / Normalization.Deviation[i % 3]))];
        float[] expected = net.Predict(normalized);
        Assert.IsGreaterThan(
            1e-3f,
            expected.Max() - expected.Min(),
            "The network must tell the classes apart, or the test shows nothing.");
        long unpacked = predictor.Memory[MemoryPurpose.Workspace];
        CollectionAssert.AreEqual(expected, predictor.Predict(image));
        Assert.IsGreaterThan(unpacked, predictor.Memory[MemoryPurpose.Workspace], "weights are packed for every call");
        CollectionAssert.AreEqual(
            net.Predict([.. normalized, .. normalized]), predictor.Predict([.. image, .. image], count: 2));
    }

    [TestMethod]
    public void NumbersAreNormalisedInTheirOwnUnit()
    {
        using CpuBackend backend = TestRuns.Backend();
        using RevUpNet net = Save(Folder, backend);
        using Predictor predictor = Load(Folder);
        float[] values = [.. Image(2).Select(level => level / 100f)];
        float[] normalized = [.. values.Select(
            (value, i) => (float)((value - Normalization.Mean[i % 3]) / Normalization.Deviation[i % 3]))];
        CollectionAssert.AreEqual(net.Predict(normalized), predictor.Predict(values));
    }

    [TestMethod]
    public void ManyThreadsGetTheBitsOfOneAndLeaveNoMemoryBehind()
    {
        using CpuBackend backend = TestRuns.Backend();
        using RevUpNet net = Save(Folder, backend);
        using Predictor predictor = Load(Folder);
        float[][] serial = [.. Enumerable.Range(0, Images).Select(seed => predictor.Predict(Image(seed)))];
        long[] before = Bytes(predictor.Memory);
        float[][][] results = new float[Callers][][];
        Thread[] threads = [.. Enumerable.Range(0, Callers).Select(caller => new Thread(() =>
            results[caller] =
                [.. Enumerable.Range(0, Images).Select(i => predictor.Predict(Image((i + caller) % Images)))]))];
        Array.ForEach(threads, thread => thread.Start());
        Array.ForEach(threads, thread => thread.Join());
        for (int caller = 0; caller < Callers; caller++)
        {
            for (int i = 0; i < Images; i++)
            {
                CollectionAssert.AreEqual(
                    serial[(i + caller) % Images], results[caller][i], $"caller {caller}, image {i}");
            }
        }
        CollectionAssert.AreEqual(before, Bytes(predictor.Memory));
        Assert.AreEqual(0, before[(int)MemoryPurpose.Activations]);
    }

    [TestMethod]
    public void PredictorsOfOneThreadEachRunSideBySide()
    {
        using CpuBackend backend = TestRuns.Backend();
        using RevUpNet net = Save(Folder, backend);
        using Predictor alone = Load(Folder);
        float[][] expected = [.. Enumerable.Range(0, Images).Select(seed => alone.Predict(Image(seed)))];
        Parallel.For(0, 4, _ =>
        {
            using Predictor own = Load(Folder);
            for (int i = 0; i < Images; i++)
            {
                CollectionAssert.AreEqual(expected[i], own.Predict(Image(i)));
            }
        });
    }

    [TestMethod]
    [DataRow("run", DisplayName = "by its run")]
    [DataRow("run/checkpoints/step-00000012", DisplayName = "by a checkpoint")]
    [DataRow("run/checkpoints/step-00000012/model.safetensors", DisplayName = "by a checkpoint's file")]
    [DataRow("model.safetensors", DisplayName = "by what the run saved")]
    public void ARunLeavesWhatAPredictorNeeds(string path)
    {
        using CpuBackend backend = TestRuns.Backend();
        using TrainingRun run = new(backend, SmallRecipe.Create(), Folder["run"], resume: false);
        run.Run(null, CancellationToken.None);
        run.SaveModel(Folder["model.safetensors"]);
        using Predictor predictor = Predictor.Load(Folder[path], () => TestRuns.Backend());
        using LoadedCheckpoint loaded = Checkpoint.Load(backend, Folder["run"]);
        byte[] image = new byte[64];
        Random.Shared.NextBytes(image);
        float[] normalized = [.. image.Select(
            level => (float)((level / 255.0 - loaded.Normalization.Mean[0]) / loaded.Normalization.Deviation[0]))];
        CollectionAssert.AreEqual(loaded.Network.Predict(normalized), predictor.Predict(image));
        Assert.HasCount(4, predictor.Classes);
    }

    [TestMethod]
    [DataRow(0)]
    [DataRow(3 * 64 - 1)]
    [DataRow(3 * 64 + 1)]
    public void BytesThatAreNoWholeImagesAreRefusedWithTheShape(int bytes)
    {
        using CpuBackend backend = TestRuns.Backend();
        using RevUpNet net = Save(Folder, backend);
        using Predictor predictor = Load(Folder);
        Assert.Refuses<ArgumentException>(
            () => predictor.Predict(new byte[bytes]),
            $"{bytes} bytes are not 1 sample of the shape [1, 8, 8, 3], channels-last: one sample has 192 bytes");
        Assert.Refuses<ArgumentException>(() => predictor.Predict(new float[bytes]), $"{bytes} numbers");
    }

    [TestMethod]
    [DataRow(float.NaN, "value 0 of sample 1 is NaN, which is not finite after normalisation")]
    [DataRow(float.NegativeInfinity, "value 0 of sample 1 is -Infinity, which is not finite")]
    [DataRow(5e37f, "sample 1 overflows the network: its output is not finite")]
    public void NumbersThatAreNotFiniteAreRefusedByTheirPlace(float value, string expected)
    {
        using CpuBackend backend = TestRuns.Backend();
        using RevUpNet net = Save(Folder, backend);
        using Predictor predictor = Load(Folder);
        float[] samples = new float[2 * 192]; // two of [1, 8, 8, 3]
        float[] clean = predictor.Predict(samples, count: 2);
        samples.AsSpan(192).Fill(value);

        Assert.Refuses<ArgumentException>(() => predictor.Predict(samples, count: 2), expected);

        samples.AsSpan(192).Clear();
        CollectionAssert.AreEqual(clean, predictor.Predict(samples, count: 2), "the predictor stays usable");
    }

    [TestMethod]
    public void TooManyImagesAtOnceLeaveThePredictorUsable()
    {
        using CpuBackend backend = TestRuns.Backend();
        using RevUpNet net = Save(Folder, backend);
        using Predictor predictor = Predictor.Load(
            Folder["net.safetensors"], () => new CpuBackend(threads: 1, capacity: 1 << 20));
        float[] one = predictor.Predict(Image(1));
        Assert.ThrowsExactly<ArenaExhaustedException>(
            () => predictor.Predict(new byte[1000 * Image(1).Length], 1000));
        CollectionAssert.AreEqual(one, predictor.Predict(Image(1)));
    }

    [TestMethod]
    public void ADisposedPredictorSaysSo()
    {
        using CpuBackend backend = TestRuns.Backend();
        using RevUpNet net = Save(Folder, backend);
        Predictor predictor = Load(Folder);
        predictor.Dispose();
        predictor.Dispose();
        Assert.ThrowsExactly<ObjectDisposedException>(() => predictor.Predict(Image(1)));
    }

    [TestMethod]
    public void DisposingLetsCallsFinishAndRefusesLaterOnes()
    {
        using CpuBackend backend = TestRuns.Backend();
        using RevUpNet net = Save(Folder, backend);
        Predictor predictor = Load(Folder);
        float[] expected = predictor.Predict(Image(1));
        using CountdownEvent running = new(Callers);
        Task[] callers = [.. Enumerable.Range(0, Callers).Select(_ => Task.Factory.StartNew(
            () =>
            {
                running.Signal();
                Assert.ThrowsExactly<ObjectDisposedException>(() =>
                {
                    while (true)
                    {
                        CollectionAssert.AreEqual(expected, predictor.Predict(Image(1)));
                    }
                });
            },
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default))];
        running.Wait();
        predictor.Dispose();
        Task.WaitAll(callers);
    }

    [TestMethod]
    public void WeightsWithoutADescriptionAreRefused()
    {
        using CpuBackend backend = TestRuns.Backend();
        using RevUpNet net = Save(Folder, backend);
        net.SaveWeights(Folder["weights.safetensors"]);
        Assert.Contains("does not describe their network", Refused(Folder["weights.safetensors"]));
    }

    [TestMethod]
    public void AFileOrFolderThatIsNotThereIsNamed()
    {
        Assert.Contains(Folder["absent"], Refused(Folder["absent"]));
        Assert.Contains("there is no checkpoint here", Refused(Folder.Path));
    }

    [TestMethod]
    [DataRow("\\u0022version\\u0022:2", "\\u0022version\\u0022:3", "has version 3")]
    [DataRow("\\u0022width\\u0022:5", "\\u0022width\\u0022:6", "the file belongs to another network")]
    [DataRow(
        "\\u0022sample\\u0022:[1,",
        "\\u0022sample\\u0022:[0,",
        "Dimension 0 of the shape [0, 8, 8, 3] is not positive")]
    [DataRow(
        "\\u0022stem\\u0022:\\u0022pad\\u0022",
        "\\u0022stem\\u0022:\\u0022bad\\u0022",
        "is not a description of a network")]
    public void ADescriptionThatDoesNotFitIsExplained(string found, string replacement, string message)
    {
        using CpuBackend backend = TestRuns.Backend();
        using RevUpNet net = Save(Folder, backend);
        byte[] bytes = File.ReadAllBytes(Folder["net.safetensors"]);
        byte[] from = System.Text.Encoding.UTF8.GetBytes(found);
        int at = bytes.AsSpan().IndexOf(from);
        Assert.IsGreaterThan(0, at, $"The file has no {found}.");
        System.Text.Encoding.UTF8.GetBytes(replacement).CopyTo(bytes, at);
        File.WriteAllBytes(Folder["net.safetensors"], bytes);
        Assert.Contains(message, Refused(Folder["net.safetensors"]));
    }

    [TestMethod]
    public void NamesOfOtherClassesAreRefused()
    {
        using CpuBackend backend = TestRuns.Backend();
        using RevUpNet net = Save(Folder, backend);
        string message = Assert.ThrowsExactly<ConfigurationException>(
            () => Checkpoint.SaveModel(net, Folder["other.safetensors"], Normalization, ["one", "two"])).Message;
        Assert.AreEqual("2 class names were given for a network of 3 classes.", message);
        Assert.IsFalse(File.Exists(Folder["other.safetensors"]));
    }

    private static Predictor Load(TemporaryFolder folder) =>
        Predictor.Load(folder["net.safetensors"], () => TestRuns.Backend());

    private static long[] Bytes(MemoryUse memory) =>
        [.. Enum.GetValues<MemoryPurpose>().Select(purpose => memory[purpose])];

    private static string Refused(string path) =>
        Assert.ThrowsExactly<CheckpointException>(() => Predictor.Load(path, () => TestRuns.Backend())).Message;

    private static RevUpNet Save(TemporaryFolder folder, CpuBackend backend)
    {
        RevUpNet net = PredictorFiles.Network(backend);
        Checkpoint.SaveModel(net, folder["net.safetensors"], Normalization, Names);
        return net;
    }

    private static byte[] Image(int seed) => PredictorFiles.Image(seed);
}
