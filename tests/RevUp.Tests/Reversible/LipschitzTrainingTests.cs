namespace RevUp.Tests.Reversible;

/// <summary>
/// The control bites: after training at a high learning rate the true operator norms, from dense
/// matrices, keep their bound.
/// </summary>
[TestClass]
public sealed class LipschitzTrainingTests
{
    private const int Steps = 150;

    // Power iteration approaches σ from below, once per step. The learning rate ends at zero, so
    // that over the last steps the weights stand still and the estimate catches up, except where
    // the two largest singular values are close: then what is left is of the order of their
    // difference.
    private const double Slack = 5e-3;

    [TestMethod]
    [EveryBackend(TestModel.Squeeze, LipschitzMode.PerBranch)]
    [EveryBackend(TestModel.Squeeze, LipschitzMode.PerLayer, SlowOnStandIn = true)]
    [EveryBackend(TestModel.Bottleneck, LipschitzMode.PerBranch)]
    [EveryBackend(TestModel.Volume, LipschitzMode.PerBranch, SlowOnStandIn = true)]
    [EveryBackend(TestModel.Volume, LipschitzMode.PerLayer)]
    public void AfterTrainingTheTrueNormOfEveryBranchIsUnderItsBound(TestDevice device, string name, LipschitzMode mode)
    {
        TestModel model = TestModel.Get(name);
        LipschitzSettings lipschitz = new() { Mode = mode };
        bool volume = model.Sample.SpatialRank == 3;
        model = new(model.Settings with { Lipschitz = lipschitz }, volume ? new(1, 2, 4, 2, 2) : new(1, 4, 4, 3));
        using TestNetwork network = new(device, model, optimizer: new OptimizerSettings { LearningRate = 0.5 });
        // From the bound on, where the control has work to do from the first step.
        network.DrawZeroConvolutions();
        double[] losses = network.Train(Steps, step => 0.5 * (1 + Math.Cos(Math.PI * step / Steps)));
        Assert.IsLessThan(losses[0] / 2, losses[^1]);
        network.Prepare();
        int active = 0;
        foreach (InvertibleBlock block in network.Net.Blocks)
        {
            IBranch branch = block.Branch;
            float[] sigmas = new float[branch.Convolutions.Count];
            branch.ReadSigmas(sigmas);
            float[] norms =
                [.. branch.Convolutions.Select(convolution => (float)DenseOperator.Norm(network.Backend, convolution))];
            double bound = branch.LipschitzBound(norms);
            double limit = Math.Pow(lipschitz.Coefficient, mode == LipschitzMode.PerLayer ? norms.Length : 1);
            Assert.IsLessThanOrEqualTo(limit * (1 + Slack), bound, block.Name);
            double product = sigmas.Aggregate(1.0, (p, sigma) => p * sigma);
            active += product > lipschitz.Coefficient
                || (mode == LipschitzMode.PerLayer && sigmas.Any(s => s > lipschitz.Coefficient))
                ? 1
                : 0;
        }
        Assert.IsGreaterThan(0, active, "no norm reached its bound: the case does not test what it says");
    }

    [TestMethod]
    [DataRow(0.0)]
    [DataRow(1.0)]
    [DataRow(-0.5)]
    public void ACoefficientWithoutInverseIsRefused(double coefficient)
    {
        LipschitzSettings settings = new() { Coefficient = coefficient };
        Assert.Refuses<ConfigurationException>(settings.Validate, "model.lipschitz.coefficient is");
        (settings with { Mode = LipschitzMode.None }).Validate();
    }

    [TestMethod]
    public void PowerIterationSettingsOutsideTheirRangesAreRefused()
    {
        foreach ((LipschitzSettings settings, string part) in new (LipschitzSettings, string)[]
        {
            (new() { Iterations = 0 }, "iterations is 0"),
            (new() { Iterations = 5, StartIterations = 4 }, "startIterations is 4"),
            (new() { StartSteps = -1 }, "startSteps is -1"),
            (new() { MaximumExtent = 0 }, "maximumExtent is 0"),
        })
        {
            Assert.Refuses<ConfigurationException>(settings.Validate, part);
        }
    }
}
