namespace RevUp.Tests.Reversible;

[TestClass]
public sealed class SpectralNormTests
{
    [TestMethod]
    public void MemoryOfAnInspectionThatDoesNotFitIsGivenBack()
    {
        using CpuBackend backend = TestRuns.Backend();
        using ParameterStore store = new(backend);
        ConvolutionGeometry geometry = new(
            new Shape(1, 8, 8, 16), 16, 3, Stride: 1, Padding: 1, Groups: 1, ElementType.Float32);
        using Convolution convolution = new("conv", backend, store, geometry, Initialization.Normal(1));
        store.Build(seed: 1);
        Arena memory = backend.Memory;
        Assert.IsGreaterThan(0, SpectralNorm.Converged(backend, convolution));

        // Room for u and v, of 4 KiB each, but not for the packed weights, of more than 9 KiB.
        Tensor rest = memory.AllocateBytes(memory.Capacity - memory.Use.Total - (12 << 10), MemoryPurpose.Workspace);
        int live = memory.LiveCount;
        Assert.ThrowsExactly<ArenaExhaustedException>(() => SpectralNorm.Converged(backend, convolution));
        Assert.AreEqual(live, memory.LiveCount);
        memory.Free(rest);
        Assert.IsGreaterThan(0, SpectralNorm.Converged(backend, convolution));
    }

    /// <summary>
    /// A recorded step is replayed: it must not depend on the step, even where vectors are drawn
    /// again.
    /// </summary>
    [TestMethod]
    public void AZeroConvolutionIsDrawnTheSameInEveryStep()
    {
        using SmallTraining training = new();
        List<float[]> drawn = [];
        foreach (Convolution convolution in training.Net.Blocks[0].Branch.Convolutions)
        {
            training.Net.Backend.Fill(convolution.Weight.Value, 0);
        }
        for (int step = 0; step < 2; step++)
        {
            training.Net.PrepareStep(8, step);
            drawn.AddRange(
                training.Net.Parameters.State.Take(4).Select(state => training.Net.Backend.ToHost(state.Value)));
        }
        for (int vector = 0; vector < 4; vector++)
        {
            Assert.AreEqual(1, Vectors.Norm(drawn[vector].Widen()), 1e-5, "not a unit vector");
            CollectionAssert.AreEqual(drawn[vector], drawn[vector + 4], "another vector in another step");
        }
    }
}
