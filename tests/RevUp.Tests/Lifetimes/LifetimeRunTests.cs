namespace RevUp.Tests.Lifetimes;

/// <summary>Owners of a network, disposed in any order with it.</summary>
[TestClass]
public sealed class LifetimeRunTests : FolderTest
{
    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void AClosedRunRefusesToRunAndToSave(bool byItsBackend)
    {
        using CpuBackend backend = TestRuns.Backend();
        using TrainingRun run = new(backend, SmallRecipe.Create(), Folder.Path, resume: false);
        (byItsBackend ? backend : (IDisposable)run).Dispose();
        Assert.ThrowsExactly<ObjectDisposedException>(() => run.Run(null, default));
        Assert.ThrowsExactly<ObjectDisposedException>(() => run.SaveModel(Path.Combine(Folder.Path, "model")));
        Assert.IsFalse(File.Exists(Path.Combine(Folder.Path, TrainingRun.RecipeFileName)));
        run.Dispose();
        run.Dispose();
    }

    [TestMethod]
    public void ARunWhoseBackendIsDisposedInItsCallbackEnds()
    {
        CpuBackend backend = TestRuns.Backend();
        using TrainingRun run = new(backend, SmallRecipe.Create(), Folder.Path, resume: false);
        Assert.ThrowsExactly<ObjectDisposedException>(() => run.Run(_ => backend.Dispose(), default));
    }

    [TestMethod]
    public void APredictorAndACheckpointRefuseAfterDispose()
    {
        TestRuns.Finish(SmallRecipe.Create(), Folder.Path);
        using CpuBackend backend = TestRuns.Backend();
        LoadedCheckpoint loaded = Checkpoint.Load(backend, Folder.Path);
        Predictor predictor = Predictor.Load(Folder.Path);
        byte[] image = new byte[predictor.Sample.Count];
        Assert.HasCount(4, predictor.Predict(image));
        for (int i = 0; i < 2; i++)
        {
            predictor.Dispose();
            loaded.Dispose();
        }
        Assert.ThrowsExactly<ObjectDisposedException>(() => predictor.Predict(image));
        Assert.ThrowsExactly<ObjectDisposedException>(() => predictor.Memory);
        Assert.ThrowsExactly<ObjectDisposedException>(() => loaded.Network.Predict(new float[image.Length]));
        backend.Dispose();
        Assert.ThrowsExactly<ObjectDisposedException>(() => Checkpoint.Load(backend, Folder.Path));
    }

    [TestMethod]
    public void ADisposeHidesNoExceptionOfItsUsingBlock()
    {
        TimeoutException thrown = new("what went wrong");
        TimeoutException caught = Assert.ThrowsExactly<TimeoutException>(() =>
        {
            using CpuBackend backend = TestRuns.Backend();
            Recipe recipe = SmallRecipe.Create();
            using RevUpNet net = new(backend, recipe.Model, recipe.Data.Sample, 4, seed: 1);
            using TrainingStep step = new(net, recipe.Training, recipe.Reversible.Plan, recipe.Reversible.Inversion);
            net.Dispose();
            backend.Dispose();
            throw thrown;
        });
        Assert.AreSame(thrown, caught);
    }

    [TestMethod]
    public void WrongArgumentsAreNamed()
    {
        using CpuBackend backend = TestRuns.Backend();
        Recipe recipe = SmallRecipe.Create();
        using RevUpNet net = new(backend, recipe.Model, recipe.Data.Sample, 4, seed: 1);
        using TrainingStep step = new(net, recipe.Training, recipe.Reversible.Plan, recipe.Reversible.Inversion);
        using MemoryDataset data = SyntheticDataset.Create(4, net.Sample, 4, seed: 1);
        ChannelNormalization normalization = new([0], [1]);
        float[] pixels = new float[net.Sample.Count], targets = new float[4];
        (string Parameter, Action Call)[] calls =
        [
            ("backend", () => _ = new RevUpNet(null!, recipe.Model, recipe.Data.Sample, 4, 1)),
            ("settings", () => _ = new RevUpNet(backend, null!, recipe.Data.Sample, 4, 1)),
            ("sample", () => _ = new RevUpNet(backend, recipe.Model, new Shape(2, 8, 8, 1), 4, 1)),
            ("classes", () => _ = new RevUpNet(backend, recipe.Model, recipe.Data.Sample, 1, 1)),
            ("batch", () => net.PrepareInference(0)),
            ("step", () => net.PrepareStep(1, -1)),
            ("pixels", () => net.Predict(new float[3])),
            ("net", () => _ = new TrainingStep(null!, recipe.Training, new MemoryPlan(), new InversionSettings())),
            ("settings", () => _ = new TrainingStep(net, null!, recipe.Reversible.Plan, recipe.Reversible.Inversion)),
            ("plan", () => _ = new TrainingStep(net, recipe.Training, null!, recipe.Reversible.Inversion)),
            ("inversion", () => _ = new TrainingStep(net, recipe.Training, recipe.Reversible.Plan, null!)),
            ("pixels", () => step.Run(new float[3], targets, 1)),
            ("targets", () => step.Run(pixels, new float[3], 1)),
            ("factor", () => step.Run(pixels, targets, double.NaN)),
            ("threads", () => _ = new CpuBackend(threads: -1)),
            ("capacity", () => _ = new CpuBackend(capacity: -1)),
            ("count", () => backend.CreateReadback(0)),
            ("recipe", () => _ = new TrainingRun(backend, null!, "folder", resume: false)),
            ("folder", () => _ = new TrainingRun(backend, recipe, "", resume: false)),
            ("backend", () => _ = new TrainingRun(null!, recipe, "folder", resume: false)),
            ("backend", () => Checkpoint.Load(null!, "folder")),
            ("folder", () => Checkpoint.Load(backend, null!)),
            ("path", () => net.SaveWeights(null!)),
            ("path", () => net.LoadWeights(null!)),
            ("path", () => Predictor.Load((string)null!)),
            ("net", () => OnnxFile.Write(null!, "file")),
            ("net", () => Evaluator.Evaluate(null!, data, normalization, new BatchLoaderOptions())),
            ("data", () => Evaluator.Evaluate(net, null!, normalization, new BatchLoaderOptions())),
            ("dataset", () => _ = new BatchLoader(null!, normalization, new BatchLoaderOptions())),
            ("options", () => _ = new BatchLoader(data, normalization, null!)),
            ("mean", () => _ = new ChannelNormalization(null!, [1])),
            ("pixels", () => _ = new MemoryDataset(new byte[3], new byte[1], new Shape(1, 2, 2, 1), ["a"])),
        ];
        int live = backend.Memory.LiveCount;
        foreach ((string parameter, Action call) in calls)
        {
            ArgumentException refusal = Assert.Throws<ArgumentException>(call, parameter);
            Assert.AreEqual(parameter, refusal.ParamName, refusal.Message);
        }
        Assert.AreEqual(live, backend.Memory.LiveCount);
    }

    [TestMethod]
    public void EveryExceptionOfTheLibraryHasOneBase()
    {
        Type[] exceptions = [.. new[] { typeof(RevUpNet).Assembly, typeof(RevUpException).Assembly }
            .SelectMany(assembly => assembly.GetTypes())
            .Where(type => type.IsAssignableTo(typeof(Exception)) && type != typeof(RevUpException))];
        Assert.IsGreaterThan(5, exceptions.Length);
        Type[] others = [.. exceptions.Where(type => type.BaseType != typeof(RevUpException))];
        Assert.IsEmpty(others, string.Join(", ", others.Select(type => type.Name)));
    }
}
