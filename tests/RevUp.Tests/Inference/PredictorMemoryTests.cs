namespace RevUp.Tests.Inference;

/// <summary>
/// A predictor and its file hold weights, norms and running statistics, and no more.
/// </summary>
[TestClass]
public sealed class PredictorMemoryTests : FolderTest
{
    // Names, shapes and the description, as JSON.
    private const int Header = 16 << 10;

    [TestMethod]
    [DataRow(TestModel.Squeeze)]
    [DataRow(TestModel.Adaptive)]
    public void NeitherGradientsNorVectorsAreInMemoryOrInTheFile(string model)
    {
        using CpuBackend backend = TestRuns.Backend();
        using RevUpNet net = PredictorFiles.Network(backend, model);
        StateTensor[] vectors = [.. net.Parameters.State.Where(state => state.Random)];
        StateTensor[] kept = [.. net.Parameters.State.Except(vectors)];
        Assert.IsTrue(vectors.Length > 0 && vectors.All(v => v.Name.EndsWith(".u") || v.Name.EndsWith(".v")));
        Checkpoint.SaveModel(net, Folder["net"], PredictorFiles.Normalization, PredictorFiles.Names);

        long numbers = net.Parameters.Count + kept.Sum(state => state.Shape.Count);
        long file = new FileInfo(Folder["net"]).Length;
        Assert.IsGreaterThan(numbers * sizeof(float), file);
        Assert.IsLessThan(numbers * sizeof(float) + Header, file);

        using Predictor predictor = PredictorFiles.Load(Folder["net"]);
        Assert.AreEqual(backend.Memory.Use[MemoryPurpose.Parameters], predictor.Memory[MemoryPurpose.Parameters]);
        Assert.AreEqual(0, predictor.Memory[MemoryPurpose.Gradients]);
        // Each starts at a multiple of 64 bytes; the arena rounds their sum up.
        long bytes = kept.Sum(state => (state.Shape.Count * sizeof(float) + 63) / 64 * 64);
        Assert.IsTrue(predictor.Memory[MemoryPurpose.Optimizer] - bytes is >= 0 and < 128);
        Assert.IsLessThan(backend.Memory.Use[MemoryPurpose.Optimizer], predictor.Memory[MemoryPurpose.Optimizer]);
    }

    [TestMethod]
    public void ANetworkThatTrainsTakesAModelFileWithItsNorms()
    {
        using CpuBackend backend = TestRuns.Backend();
        using RevUpNet net = PredictorFiles.Network(backend);
        net.PrepareStep(batch: 1, step: 0);
        Checkpoint.SaveModel(net, Folder["net"], PredictorFiles.Normalization, PredictorFiles.Names);
        TestModel model = TestModel.Get(TestModel.Squeeze);
        using RevUpNet other = new(backend, model.Settings, model.Sample, TestModel.Classes, seed: 2);
        float[] sample = Vectors.Normal(1, (int)net.Sample.Count);
        other.LoadWeights(Folder["net"]);
        CollectionAssert.AreEqual(net.Predict(sample), other.Predict(sample));
        Assert.AreEqual(NormOf(net, ".sigma"), NormOf(other, ".sigma"));
        // The vectors are the singular vectors of the new weights: iterations change no norm.
        other.PrepareStep(batch: 1, step: 1_000_000);
        double converged = NormOf(other, ".sigma");
        other.PrepareStep(batch: 1, step: 1_000_000);
        Assert.AreEqual(1, NormOf(other, ".sigma") / converged, 1e-4);
    }

    [TestMethod]
    public void ANetworkForPredictionsDoesNotTrain()
    {
        string path = PredictorFiles.Write(Folder);
        using CpuBackend backend = TestRuns.Backend();
        using RevUpNet net = ModelDescription.Read(path).Load(backend, path);
        Assert.Refuses<InvalidOperationException>(() => net.PrepareStep(1, 0), "was loaded for predictions");
    }

    [TestMethod]
    public void AStreamIsLoadedAsItsFileIs()
    {
        string path = PredictorFiles.Write(Folder);
        byte[] bytes = File.ReadAllBytes(path);
        using Predictor predictor = PredictorFiles.Load(path);
        using MemoryStream stream = new(bytes);
        using Predictor streamed = Predictor.Load(stream, () => TestRuns.Backend());
        CollectionAssert.AreEqual(
            predictor.Predict(PredictorFiles.Image(1)), streamed.Predict(PredictorFiles.Image(1)));
        foreach (int length in (int[])[0, 5, 100, bytes.Length - 1])
        {
            using MemoryStream damaged = new(bytes, 0, length);
            Assert.Refuses<CheckpointException>(() => Predictor.Load(damaged), "the stream");
        }
    }

    private static double NormOf(RevUpNet net, string suffix)
    {
        double sum = 0;
        foreach (StateTensor state in net.Parameters.State.Where(state => state.Name.EndsWith(suffix)))
        {
            float[] values = new float[state.Value.Count];
            net.Backend.Download<float>(state.Value, values);
            sum += values.Sum(value => (double)value);
        }
        return sum;
    }
}
