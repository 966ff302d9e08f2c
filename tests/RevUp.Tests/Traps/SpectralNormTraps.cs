namespace RevUp.Tests.Traps;

/// <summary>Silent mistakes in the estimate of a convolution's norm.</summary>
[TestClass]
public sealed class SpectralNormTraps
{
    private const int Iterations = 400;

    // Power iteration comes from below; what float32 adds is a few roundoffs, and what 400
    // iterations leave depends on the gap to the second singular value.
    private const double Above = 1e-5;
    private const double Below = 1e-3;

    /// <summary>
    /// Fixup's zero last convolution has σ = 0 and no singular vectors; once it is no longer zero,
    /// the estimate must start.
    /// </summary>
    [TestMethod]
    [EveryBackend(BranchKind.Basic)]
    [EveryBackend(BranchKind.Bottleneck)]
    public void Trap01_PowerIterationStartsAnewAfterAZeroConvolution(TestDevice device, BranchKind kind)
    {
        using Backend backend = device.Open();
        using TestBlock block = new(backend, new Shape(1, 4, 4, 4), 4, TestBlock.Settings(kind: kind));
        int last = block.Branch.Convolutions.Count - 1;
        Parameter weight = block.Branch.Convolutions[last].Weight;
        float[] trained = backend.ToHost(weight.Value);
        block.Set(weight, new float[trained.Length]);
        for (int step = 0; step < 3; step++)
        {
            block.Prepare(batch: 1, iterations: 5);
            Assert.AreEqual(0, block.Sigmas[last]);
            foreach (string vector in (string[])["u", "v"])
            {
                Assert.AreEqual(
                    1, Vectors.Norm(block.State($"conv{last + 1}.{vector}").Widen()), 1e-5,
                    $"{vector} is not a unit vector in step {step}");
            }
        }
        block.Set(weight, trained);
        block.Prepare(batch: 1, Iterations);
        AssertNorm(DenseOperator.Norm(backend, block.Branch.Convolutions[last]), block.Sigmas[last]);
    }

    /// <summary>
    /// Zero padding cuts the operator at the border, the more the smaller the input: a norm holds
    /// for one extent.
    /// </summary>
    [TestMethod]
    [EveryBackend(2)]
    [EveryBackend(3)]
    public void Trap07_TheNormDependsOnTheExtent(TestDevice device, int rank)
    {
        using Backend backend = device.Open();
        double previous = 0;
        foreach (int extent in (int[])[2, 4, 7])
        {
            // Convolution with (1, 1, 1) along one axis is tridiagonal, with the largest eigenvalue
            // 1 + 2 cos(π / (n + 1)); with more axes the product.
            double expected = Math.Pow(1 + 2 * Math.Cos(Math.PI / (extent + 1)), rank);
            Shape input = rank == 2 ? new(1, extent, extent, 1) : new(1, extent, extent, extent, 1);
            float sigma = Estimate(backend, Geometry(input, 1, 3, 1), Ones(rank), maximumExtent: int.MaxValue);
            AssertNorm(expected, sigma);
            Assert.IsGreaterThan(previous, sigma);
            previous = sigma;
        }
        Assert.IsLessThan(Math.Pow(3, rank), previous);
    }

    [TestMethod]
    [EveryBackend]
    public void Trap07_TheLargestExtentLimitsTheEstimateAndItsError(TestDevice device)
    {
        const int Extent = 20, Limit = 8;
        using Backend backend = device.Open();
        ConvolutionGeometry geometry = Geometry(new Shape(1, Extent, Limit - 3, 1), 1, 3, 1);
        float limited = Estimate(backend, geometry, Ones(2), Limit);
        AssertNorm((1 + 2 * Math.Cos(Math.PI / (Limit + 1))) * (1 + 2 * Math.Cos(Math.PI / (Limit - 3 + 1))), limited);
        float full = Estimate(backend, geometry, Ones(2), int.MaxValue);
        Assert.IsGreaterThan(limited, full);
        Assert.IsLessThan(Math.Pow(Math.PI / Limit, 2), 1 - limited / full);
    }

    /// <summary>
    /// An inspection that divides by its own estimate always prints 1; a dense matrix knows nothing
    /// of the estimate.
    /// </summary>
    [TestMethod]
    [EveryBackend(2, 3, 1)]
    [EveryBackend(2, 3, 2)]
    [EveryBackend(2, 1, 1)]
    [EveryBackend(3, 3, 1)]
    [EveryBackend(3, 3, 2)]
    [EveryBackend(3, 1, 1)]
    public void Trap11_TheNormIsTheLargestSingularValueOfTheDenseOperator(
        TestDevice device, int rank, int kernel, int groups)
    {
        using Backend backend = device.Open();
        Shape input = rank == 2 ? new(1, 4, 5, 4) : new(1, 3, 2, 4, 4);
        ConvolutionGeometry geometry = Geometry(input, 6, kernel, groups);
        float[] weights = Vectors.Normal(rank * 10 + kernel + groups, geometry.Weights.Count);
        AssertNorm(DenseOperator.Norm(geometry, weights.Widen()), Estimate(backend, geometry, weights, int.MaxValue));
    }

    [TestMethod]
    [EveryModel(TestModel.Squeeze, TestModel.Bottleneck, TestModel.Volume)]
    public void Trap11_FromAZeroConvolutionOnTrainingFollowsTheDenseNorm(TestDevice device, string name)
    {
        TestModel model = TestModel.Get(name);
        model = model with { Sample = model.Sample.SpatialRank == 3 ? new(1, 2, 4, 2, 2) : new(1, 4, 4, 3) };
        using TestNetwork network = new(device, model);
        network.Train(12);
        network.Prepare();
        foreach (ResidualBranch branch in network.Net.Blocks.Select(block => block.Branch))
        {
            float[] sigmas = new float[branch.Convolutions.Count];
            branch.ReadSigmas(sigmas);
            for (int j = 0; j < sigmas.Length; j++)
            {
                double dense = DenseOperator.Norm(network.Backend, branch.Convolutions[j]);
                // Five iterations a step, on weights that move: from below, and not far.
                Assert.IsInRange(0.9 * dense, (1 + Above) * dense, sigmas[j], branch.Convolutions[j].Weight.Name);
                // It stops where σ hardly changes any more, which is early where two singular
                // values are close.
                Assert.IsInRange(
                    0.995 * dense,
                    (1 + Above) * dense,
                    SpectralNorm.Converged(network.Backend, branch.Convolutions[j]));
            }
        }
    }

    private static float Estimate(Backend backend, ConvolutionGeometry geometry, float[] weights, int maximumExtent)
    {
        using ParameterStore store = new(backend);
        using Convolution convolution = new("conv", backend, store, geometry, Initialization.Constant(0));
        SpectralNorm norm = new("conv", store, convolution, maximumExtent);
        StateTensor sigma = store.AddState("sigma", new Shape(1), random: false);
        store.Build(seed: 1);
        backend.Upload<float>(weights, convolution.Weight.Value);
        using PowerIteration iteration = new(backend, store, [(norm, sigma.Value)], seed: 1);
        iteration.Iterate(Iterations);
        return backend.ToHost(sigma.Value)[0];
    }

    private static ConvolutionGeometry Geometry(Shape input, int channels, int kernel, int groups) =>
        new(input, channels, kernel, Stride: 1, kernel / 2, groups, ElementType.Float32);

    private static float[] Ones(int rank) => [.. Enumerable.Repeat(1f, rank == 2 ? 9 : 27)];

    private static void AssertNorm(double expected, double actual) =>
        Assert.IsInRange(expected * (1 - Below), expected * (1 + Above), actual);
}
