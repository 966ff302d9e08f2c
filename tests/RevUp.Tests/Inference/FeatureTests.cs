namespace RevUp.Tests.Inference;

/// <summary>A predictor's features are what its head's linear map sees.</summary>
[TestClass]
public sealed class FeatureTests : FolderTest
{
    [TestMethod]
    [DataRow("model.normalization=fixup")]
    [DataRow("model.normalization=none")]
    [DataRow("model.testTimeFlip=true")]
    public void LogitsAreTheLinearMapOfTheFeatures(string setting)
    {
        using CpuBackend backend = TestRuns.Backend();
        using TrainingRun run = new(
            backend, SmallRecipe.Create(setting), Folder["run"], resume: false);
        run.Run(null, CancellationToken.None);
        using Predictor predictor = Predictor.Load(Folder["run"]);
        byte[] images = [.. Enumerable.Range(0, 3 * 64).Select(i => (byte)(i * 37))];
        float[] features = predictor.Features(images, count: 3);
        Assert.AreEqual(16, predictor.FeatureCount);
        Assert.HasCount(3 * 16, features);
        float[] weight = Download("head.weight"), bias = Download("head.bias");
        float[] probabilities = predictor.Predict(images, count: 3);
        for (int n = 0; n < 3; n++)
        {
            double[] logits = [.. Enumerable.Range(0, 4).Select(k =>
                bias[k] + Enumerable.Range(0, 16).Sum(c => (double)weight[k * 16 + c] * features[n * 16 + c]))];
            double sum = logits.Sum(Math.Exp);
            for (int k = 0; k < 4; k++)
            {
                Assert.AreEqual(Math.Exp(logits[k]) / sum, probabilities[n * 4 + k], 1e-6);
            }
        }
        Assert.Refuses<ArgumentException>(
            () => predictor.Features(new float[64]), "The network was trained on bytes, and these are floats");
        Assert.Throws<ArgumentException>(() => predictor.Features(new byte[65]));

        float[] Download(string name) =>
            backend.ToHost(run.Network.NamedTensors.Single(tensor => tensor.Name == name).Tensor);
    }
}
