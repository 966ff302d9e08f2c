namespace RevUp.Tests.Training;

/// <summary>The moving average of the weights: its numbers, and where a run uses it.</summary>
[TestClass]
public sealed class WeightAverageTests : FolderTest
{
    private const double Decay = 0.8;
    private const int Steps = 50;

    [TestMethod]
    [EveryBackend]
    public void TheAverageIsThatOfTheDefinition(TestDevice device)
    {
        using TestNetwork network = new(device, TestModel.Get(TestModel.Chain));
        using WeightAverage average = new(network.Net, Decay);
        double[] expected = [.. Weights(network).Select(weight => (double)weight)];
        for (int step = 1; step <= Steps; step++)
        {
            network.Train(1);
            average.Follow(step);
            double decay = Math.Min(Decay, step / (step + 9.0));
            float[] weights = Weights(network);
            for (int i = 0; i < weights.Length; i++)
            {
                expected[i] = decay * expected[i] + (1 - decay) * weights[i];
            }
        }
        using (average.Use())
        {
            Assert.IsLessThanOrEqualTo(
                1e-6, Vectors.RelativeDifference([.. expected.Select(value => (float)value)], Weights(network)));
        }
    }

    [TestMethod]
    [EveryBackend]
    public void UsingItLeavesTheTrainingAsItWasToTheBit(TestDevice device)
    {
        using TestNetwork network = new(device, TestModel.Get(TestModel.Chain));
        using TestNetwork twin = new(device, TestModel.Get(TestModel.Chain));
        using WeightAverage average = new(network.Net, Decay);
        for (int step = 1; step <= 6; step++)
        {
            network.Train(1);
            average.Follow(step);
            float[] before = network.TrainingState();
            using (average.Use())
            {
                CollectionAssert.AreNotEqual(before, network.TrainingState());
                network.Net.Predict(network.Data(0).Pixels);
            }
            CollectionAssert.AreEqual(before, network.TrainingState());
        }
        twin.Train(6);
        CollectionAssert.AreEqual(twin.TrainingState(), network.TrainingState());
    }

    /// <summary>The norms of the trained weights would be wrong for their averages.</summary>
    [TestMethod]
    [EveryBackend]
    public void TheNormsAreThoseOfTheAverages(TestDevice device)
    {
        using TestNetwork network = new(device, TestModel.Get(TestModel.Chain));
        using WeightAverage average = new(network.Net, 0.97);
        for (int step = 1; step <= Steps; step++)
        {
            network.Train(1);
            average.Follow(step);
        }
        float[] trained = Norms(network);
        using (average.Use())
        {
            float[] used = Norms(network);
            for (int i = 0; i < 20; i++)
            {
                network.Net.EstimateNorms();
            }
            float[] converged = Norms(network);
            Assert.IsLessThanOrEqualTo(0.01, Vectors.RelativeDifference(converged, used));
            Assert.IsGreaterThan(0.03, Vectors.RelativeDifference(converged, trained));
        }
    }

    [TestMethod]
    [DataRow(DisplayName = "RevUp")]
    [DataRow(
        "model.block=residual", "model.normalization=batchNorm", "reversible.policy=checkpoint",
        DisplayName = "running statistics")]
    public void ARunEvaluatesAndSavesTheAverage(params string[] overrides)
    {
        RunSummary plain = TestRuns.Finish(SmallRecipe.Create(overrides), Folder["plain"]);
        Recipe recipe = SmallRecipe.Create([.. overrides, "training.emaDecay=0.9"]);
        using CpuBackend backend = TestRuns.Backend();
        using TrainingRun run = new(backend, recipe, Folder["average"], resume: false);
        RunSummary summary = run.Run(null, CancellationToken.None);
        Assert.AreNotEqual(plain.Evaluation.Loss, summary.Evaluation.Loss);

        // The training itself is the same: its weights are beside the moments.
        using SafetensorsReader state = new(Path.Combine(TestRuns.Newest(Folder["average"]).Path, TestRuns.Optimizer));
        using SafetensorsReader model = new(Path.Combine(TestRuns.Newest(Folder["plain"]).Path, TestRuns.Model));
        foreach (SafetensorsTensor tensor in model.Tensors)
        {
            CollectionAssert.AreEqual(
                Read(model, tensor.Name), Read(state, "trained." + tensor.Name), tensor.Name);
        }

        using LoadedCheckpoint loaded = Checkpoint.Load(backend, Folder["average"]);
        using ImageDataset test = loaded.OpenData(DatasetSplit.Test);
        EvaluationResult again = Evaluator.Evaluate(
            loaded.Network, test, loaded.Normalization, loaded.Recipe.EvaluationBatches);
        Assert.AreEqual(summary.Evaluation.Loss, again.Loss);
        run.SaveModel(Folder["model.safetensors"]);
        loaded.Network.LoadWeights(Folder["model.safetensors"]);
        Assert.AreEqual(
            summary.Evaluation.Loss,
            Evaluator.Evaluate(loaded.Network, test, loaded.Normalization, loaded.Recipe.EvaluationBatches).Loss);
    }

    [TestMethod]
    public void AnotherDecayCannotResumeARun()
    {
        TestRuns.StopAfter(4, SmallRecipe.Create(), Folder["run"]);
        CheckpointException refusal = Assert.ThrowsExactly<CheckpointException>(
            () => TestRuns.Finish(SmallRecipe.Create("training.emaDecay=0.9"), Folder["run"], resume: true));
        Assert.Contains("training.emaDecay = 0 and cannot be resumed with 0.9", refusal.Message);
    }

    private static float[] Read(SafetensorsReader file, string name)
    {
        float[] values = new float[file.Tensors.Single(tensor => tensor.Name == name).ByteCount / sizeof(float)];
        file.Read<float>(name, values);
        return values;
    }

    private static float[] Weights(TestNetwork network) => network.Backend.ToHost(network.Net.Parameters.Values);

    private static float[] Norms(TestNetwork network) =>
        [
            .. network.Net.Parameters.State.Where(state => state.Name.EndsWith(".sigma", StringComparison.Ordinal))
                .SelectMany(state => network.Backend.ToHost(state.Value)),
        ];
}
