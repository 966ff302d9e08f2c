namespace RevUp.Tests.Reversible;

/// <summary>
/// RevUp's basic branch, written as a program writes one, in the place of the built-in one.
/// </summary>
[TestClass]
public sealed class BasicBranchTests
{
    private const int Batch = 4;
    private const int Classes = 3;
    private static readonly Shape s_sample = new(1, 6, 6, 2);

    /// <summary>
    /// The same bits of the loss and of every input that an inversion finds. Gradients are sums in
    /// another order: the built-in branch takes the multiplier's from the weights.
    /// </summary>
    [TestMethod]
    [EveryBackend]
    public void AgreesWithTheBuiltInOneUnderEveryPolicy(TestDevice device)
    {
        using Backend backend = device.Open();
        using RevUpNet builtIn = Net(backend, BranchKind.Basic, null);
        using RevUpNet own = Net(backend, BranchKind.Custom, site => new BasicBranch(site));
        foreach (Parameter parameter in builtIn.Parameters.Parameters)
        {
            // Fixup starts convolutions at zero, and then no gradient tells anything.
            float[] values = Vectors.Normal(
                parameter.Name.Length, parameter.Shape.Count,
                parameter.Shape.Count == 1 ? 0.3 : Math.Sqrt((double)parameter.Shape[0] / parameter.Shape.Count));
            backend.Upload<float>(values, parameter.Value);
            backend.Upload<float>(values, Of(own, parameter.Name).Value);
        }
        Assert.HasCount(builtIn.Parameters.Parameters.Count, own.Parameters.Parameters);
        builtIn.PrepareStep(Batch, step: 0);
        own.PrepareStep(Batch, step: 0);
        foreach (MemoryPolicy policy in MemoryPlan.Uniform)
        {
            (double loss, float[][] inputs) = Pass(builtIn, policy);
            (double ownLoss, float[][] ownInputs) = Pass(own, policy);
            Assert.AreEqual(loss, ownLoss, $"{policy}");
            Assert.HasCount(inputs.Length, ownInputs);
            for (int i = 0; i < inputs.Length; i++)
            {
                CollectionAssert.AreEqual(inputs[i], ownInputs[i], $"{policy}: input {i}");
            }
            foreach (Parameter parameter in builtIn.Parameters.Parameters.Where(p => p.Shape.Count > 1))
            {
                double difference = Vectors.RelativeDifference(
                    backend.ToHost(parameter.Gradient), backend.ToHost(Of(own, parameter.Name).Gradient));
                Assert.IsLessThanOrEqualTo(1e-5, difference, $"{policy}: {parameter.Name}");
            }
        }
    }

    private static Parameter Of(RevUpNet net, string name) =>
        net.Parameters.Parameters.Single(parameter => parameter.Name == name);

    private static RevUpNet Net(Backend backend, BranchKind kind, Func<BranchSite, Branch>? factory) => new(
        backend,
        new ModelSettings
        {
            Stages = [new() { Blocks = 2, Channels = 4, Width = 6 }, new() { Blocks = 1, Channels = 6 }],
            Branch = kind,
        },
        s_sample, Classes, seed: 1, factory);

    // Loss, and the inputs of the blocks in the order in which the backward pass uses them.
    private static (double Loss, float[][] Inputs) Pass(RevUpNet net, MemoryPolicy policy)
    {
        Backend backend = net.Backend;
        using ReversibleEngine engine = new(
            backend, net.Layers, net.Work, new MemoryPlan { Policy = policy }, new InversionSettings());
        List<float[]> inputs = [];
        engine.InputObserver = (_, x) => inputs.Add(backend.ToHost(x));
        backend.Fill(net.Parameters.Gradients, 0);
        double loss = OwnBranchTests.LossOf(net, engine);
        return (loss, [.. inputs]);
    }
}
