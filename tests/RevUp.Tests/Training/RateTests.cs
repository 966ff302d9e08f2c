namespace RevUp.Tests.Training;

/// <summary>Learning rates by names of layers.</summary>
[TestClass]
public sealed class RateTests
{
    private const double Rate = 0.25;

    /// <summary>One step of plain descent: w − rate · factor · gradient.</summary>
    [TestMethod]
    public void EveryParameterMovesByTheFactorOfItsLayer()
    {
        Dictionary<string, double> rates = new()
        {
            ["body"] = 0.5,
            ["stages.0"] = 2,
            ["stages.0.blocks.1"] = 0,
            ["head"] = 4,
        };
        using TestNetwork network = new(
            TestDevice.All[0], TestModel.Get(TestModel.Strided), MemoryPolicy.Store,
            optimizer: new() { LearningRate = Rate, Momentum = 0, WeightDecay = 0 }, trained: new() { Rates = rates });
        network.DrawZeroConvolutions();
        Parameter head = network.Net.Parameters.Parameters.Single(parameter => parameter.Name == "head.weight");
        network.Backend.Upload<float>(Vectors.Normal(1, head.Shape.Count), head.Value);
        IReadOnlyList<Parameter> parameters = network.Net.Parameters.Parameters;
        float[][] before = [.. parameters.Select(parameter => network.Backend.ToHost(parameter.Value))];
        network.Train(1);
        int moved = 0;
        for (int i = 0; i < parameters.Count; i++)
        {
            string name = parameters[i].Name;
            double factor = name.StartsWith("head.", StringComparison.Ordinal) ? 4
                : name.StartsWith("stages.0.blocks.1.", StringComparison.Ordinal) ? 0
                : name.StartsWith("stages.0.", StringComparison.Ordinal) ? 2
                : 0.5;
            float rate = (float)(Rate * factor * (parameters[i].Group == ParameterGroup.Scalars ? 0.1 : 1));
            float[] gradient = network.Backend.ToHost(parameters[i].Gradient);
            float[] after = network.Backend.ToHost(parameters[i].Value);
            for (int k = 0; k < after.Length; k++)
            {
                Assert.AreEqual(before[i][k] - rate * gradient[k], after[k], 1e-6 * (1 + Math.Abs(after[k])), name);
                moved += after[k] != before[i][k] ? 1 : 0;
            }
        }
        Assert.IsGreaterThan(100, moved);
    }

    [TestMethod]
    [DataRow(null, "stages.7", 1.0, "training.rates has 'stages.7', and no layer has this name; use one of stem")]
    [DataRow("stages.0", "stem", 1.0, "training.rates has 'stem', and training.freeze 'stages.0' freezes these")]
    [DataRow(null, "head", -1.0, "training.rates has -1 for 'head'; use 0 to 1000")]
    public void ARateOfNothingIsRefused(string? freeze, string name, double factor, string message)
    {
        TrainedLayers trained = new() { Freeze = freeze, Rates = new Dictionary<string, double> { [name] = factor } };
        Assert.Contains(message, Assert.ThrowsExactly<ConfigurationException>(
            () => new TestNetwork(TestDevice.All[0], TestModel.Get(TestModel.Strided), trained: trained)).Message);
    }

    [TestMethod]
    public void AStepWithOtherLayersThanItsNetworkIsRefused()
    {
        using TestNetwork network = new(TestDevice.All[0], TestModel.Get(TestModel.Chain));
        TrainingSettings settings = new() { Trained = new() { Freeze = "stem" } };
        string message = Assert.ThrowsExactly<ConfigurationException>(
            () => new TrainingStep(network.Net, settings, new MemoryPlan(), new InversionSettings())).Message;
        Assert.Contains("are not those that the network was built with", message);
    }
}
