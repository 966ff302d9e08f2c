namespace RevUp.Tests.Traps;

/// <summary>
/// Between two optimiser updates a branch is one function: in the forward pass, in the inversion
/// and in the recomputation.
/// </summary>
[TestClass]
public sealed class FrozenStepTraps
{
    private const int Batch = 2;

    private static readonly Shape s_sample = new(1, 4, 6, 4);

    /// <summary>The multiplier is inside F, so it is inside the bound.</summary>
    [TestMethod]
    [EveryBackend(LipschitzMode.PerBranch, 5f)]
    [EveryBackend(LipschitzMode.PerBranch, -5f)]
    [EveryBackend(LipschitzMode.PerLayer, 5f)]
    [EveryBackend(LipschitzMode.PerLayer, -5f)]
    public void Trap02_ALargeMultiplierIsBoundedToo(TestDevice device, LipschitzMode mode, float multiplier)
    {
        using Backend backend = device.Open();
        BranchSettings settings = TestBlock.Settings(mode);
        using TestBlock block = new(backend, s_sample, 6, settings, gain: 0.3, multiplier);
        block.Prepare(Batch);
        double limit = Math.Pow(settings.Lipschitz.Coefficient, mode == LipschitzMode.PerLayer ? 2 : 1) + 1e-6;
        Assert.IsLessThan(
            1,
            block.Sigmas.Aggregate(1f, (p, sigma) => p * sigma),
            "the weights alone break the bound: the case does not test what it says");
        Assert.IsLessThanOrEqualTo(limit, block.Branch.LipschitzBound());
        Assert.AreEqual(Math.Sign(multiplier), Math.Sign(block.Multiplier));
        for (int pair = 0; pair < 5; pair++)
        {
            float[] x = Vectors.Normal(pair, s_sample.Count), near = Vectors.Normal(pair + 50, s_sample.Count, 0.1);
            float[] moved = [.. x.Zip(near, (a, b) => a + b)];
            double[] difference = [.. Evaluate(x).Zip(Evaluate(moved), (a, b) => (double)block.Multiplier * (a - b))];
            Assert.IsLessThanOrEqualTo(limit, Vectors.Norm(difference) / Vectors.Norm(near.Widen()));
        }

        float[] Evaluate(float[] x)
        {
            block.Prepare(batch: 1, iterations: 0);
            Tensor input = backend.ToDevice(x, s_sample);
            float[] z = block.Evaluate(input);
            backend.Memory.Free(input);
            return z;
        }
    }

    /// <summary>
    /// A power iteration during inversion or recomputation would make it another function.
    /// </summary>
    [TestMethod]
    [EveryModel(TestModel.Squeeze, TestModel.Bottleneck, TestModel.Volume)]
    public void Trap03_NormsVectorsFactorsAndPackedWeightsStayFromForwardToBackward(TestDevice device, string model)
    {
        using TestNetwork network = TestNetwork.Trained(device, model);
        network.Prepare();
        float[] state = network.PowerIterationState();
        float[][] branches = EvaluateBranches(network);
        foreach (MemoryPolicy policy in
            (MemoryPolicy[])[MemoryPolicy.Invert, MemoryPolicy.Checkpoint, MemoryPolicy.Store])
        {
            network.Gradients(policy);
            CollectionAssert.AreEqual(state, network.PowerIterationState());
            float[][] after = EvaluateBranches(network);
            for (int i = 0; i < branches.Length; i++)
            {
                CollectionAssert.AreEqual(
                    branches[i], after[i], $"block {i} is another function after the backward pass of {policy}");
            }
        }
    }

    /// <summary>
    /// dσ/dW belongs in the gradient. With the bound active, F does not change when the last
    /// convolution is scaled, nor with the multiplier: so there is no gradient along either.
    /// Without the path through σ there would be.
    /// </summary>
    [TestMethod]
    [EveryBackend(BranchKind.Basic)]
    [EveryBackend(BranchKind.Bottleneck)]
    public void Trap03_TheGradientThroughTheNormTakesOutTheScale(TestDevice device, BranchKind kind)
    {
        using Backend backend = device.Open();
        using TestBlock block = new(backend, s_sample, 6, TestBlock.Settings(kind: kind));
        block.Prepare(Batch);
        Assert.AreNotEqual(1, block.Multiplier, "the bound is not active: the case does not test what it says");
        Tensor input = backend.ToDevice(Vectors.Normal(1, s_sample.Count * Batch), s_sample.WithBatch(Batch));
        SavedTensors saved = default;
        Tensor gradient = backend.ToDevice(Vectors.Normal(2, s_sample.Count * Batch), s_sample.WithBatch(Batch));
        backend.Memory.Free(block.Block.Backward(input, gradient, inputGradient: true, ref saved));
        backend.Memory.Free(input);
        Parameter last = block.Branch.Convolutions[^1].Weight;
        double[] weights = backend.ToHost(last.Value).Widen(), gradients = backend.ToHost(last.Gradient).Widen();
        double cosine = Vectors.Dot(weights, gradients) / (Vectors.Norm(weights) * Vectors.Norm(gradients));
        Assert.AreEqual(0, cosine, 1e-4);
        Assert.AreEqual(0, backend.ToHost(block.Store.Parameters.Single(p => p.Name == "block.scale").Gradient)[0]);
    }

    /// <summary>
    /// In a recomputation random numbers would differ and counters would count twice. A step has
    /// neither.
    /// </summary>
    [TestMethod]
    [EveryBackend(MemoryPolicy.Invert)]
    [EveryBackend(MemoryPolicy.Checkpoint)]
    public void Trap04_RecomputationNeitherDrawsNorCounts(TestDevice device, MemoryPolicy policy)
    {
        using TestNetwork network = TestNetwork.Trained(device, TestModel.Bottleneck);
        network.Prepare();
        (float[] state, long steps) = (network.TrainingState(), network.Step.Count);
        float[] gradients = network.Gradients(policy);
        CollectionAssert.AreEqual(gradients, network.Gradients(policy), "two recomputations differ");
        CollectionAssert.AreEqual(state, network.TrainingState(), "a forward and a backward pass changed the state");
        Assert.AreEqual(steps, network.Step.Count);
    }

    [TestMethod]
    [EveryBackend]
    public void Trap04_AccumulatedBatchesShareOnePowerIteration(TestDevice device)
    {
        using TestNetwork once = TestNetwork.Trained(device, TestModel.Squeeze);
        using TestNetwork twice = TestNetwork.Trained(device, TestModel.Squeeze);
        (float[] pixels, float[] targets) = once.Data(0);
        once.Step.Accumulate(pixels, targets);
        twice.Step.Accumulate(pixels, targets);
        twice.Step.Accumulate(pixels, targets);
        CollectionAssert.AreEqual(once.PowerIterationState(), twice.PowerIterationState());
    }

    /// <summary>
    /// Another kernel, algorithm or precision in the inversion would have another fixed point.
    /// </summary>
    [TestMethod]
    [EveryBackend(BranchKind.Basic, ElementType.Float32)]
    [EveryBackend(BranchKind.Bottleneck, ElementType.Float32)]
    [EveryBackend(BranchKind.Basic, ElementType.BFloat16, Type = ElementType.BFloat16)]
    [EveryBackend(BranchKind.Bottleneck, ElementType.BFloat16, Type = ElementType.BFloat16)]
    public void Trap05_ForwardInversionAndRecomputationGiveTheSameBits(
        TestDevice device, BranchKind kind, ElementType type)
    {
        using Backend backend = device.Open();
        using TestBlock block = new(backend, s_sample, 6, TestBlock.Settings(kind: kind, type: type));
        block.Prepare(Batch);
        Shape shape = s_sample.WithBatch(Batch);
        Tensor input = backend.ToDevice(Vectors.Normal(1, shape.Count), shape);
        float[] forward = block.Evaluate(input);
        SavedTensors inversion = default, recomputation = default;
        CollectionAssert.AreEqual(
            forward, backend.Take(block.Branch.Evaluate(input, save: true, ref inversion)), "inversion");
        // Elsewhere in memory, too: nothing may depend on an address.
        Tensor elsewhere = backend.ToDevice(new float[1000], new Shape(1000));
        block.Branch.Recompute(input, ref recomputation);
        for (int j = 0; j < block.Branch.Convolutions.Count - 1; j++)
        {
            CollectionAssert.AreEqual(
                backend.ToHost(inversion[j]), backend.ToHost(recomputation[j]), $"recomputation of z{j}");
        }
        float[][] outputs = [.. new[] { ForwardMode.Store, ForwardMode.Keep, ForwardMode.Consume }.Select(Output)];
        CollectionAssert.AreEqual(outputs[0], outputs[1]);
        CollectionAssert.AreEqual(outputs[0], outputs[2]);
        inversion.Free(backend.Memory);
        recomputation.Free(backend.Memory);
        backend.Memory.Free(elsewhere);

        float[] Output(ForwardMode mode)
        {
            SavedTensors saved = default;
            float[] y = backend.Take(block.Block.Forward(input, mode, ref saved));
            saved.Free(backend.Memory);
            return y;
        }
    }

    private static float[][] EvaluateBranches(TestNetwork network) => [.. network.Net.Blocks.Select(block =>
    {
        SavedTensors none = default;
        Shape shape = block.Input.WithBatch(network.Data(0).Targets.Length / TestModel.Classes);
        Tensor x = network.Backend.ToDevice(Vectors.Normal(block.Index, shape.Count), shape);
        float[] z = network.Backend.Take(block.Branch.Evaluate(x, save: false, ref none));
        network.Backend.Memory.Free(x);
        return (float[])[.. z, .. network.Backend.ToHost(block.Branch.Multiplier)];
    })];
}
