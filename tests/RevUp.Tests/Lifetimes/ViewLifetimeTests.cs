namespace RevUp.Tests.Lifetimes;

/// <summary>
/// Views of a U-Net at other extents: a closed one refuses every call and leaves its owner and the
/// other views alone; they close with their owner.
/// </summary>
[TestClass]
public sealed class ViewLifetimeTests : FolderTest
{
    private static readonly Shape s_sample = new(1, 4, 8, 2);

    private static readonly (string Name, Action<RevUpNet, string> Act)[] s_calls =
    [
        ("Predict", (net, _) => net.Predict(Vectors.Normal(1, s_sample.Count))),
        ("Infer", (net, _) => net.Backend.Memory.Free(net.Infer(Vectors.Normal(1, s_sample.Count)))),
        ("PrepareInference", (net, _) => net.PrepareInference(1)),
        ("Invalidate", (net, _) => net.Invalidate()),
        ("At", (net, _) => net.At(s_sample).Dispose()),
        ("Backend", (net, _) => net.Backend.Supports(ElementType.Float32)),
        ("SaveWeights", (net, file) => net.SaveWeights(file)),
        ("LoadWeights", (net, file) => net.LoadWeights(file)),
        ("OnnxFile.Write", (net, file) => OnnxFile.Write(net, file + ".onnx")),
        ("Values", (net, _) => net.Backend.Fill(net.Parameters.Values, 0.1f)),
    ];

    [TestMethod]
    [EveryBackend(LifetimeState.Fresh)]
    [EveryBackend(LifetimeState.Used)]
    [EveryBackend(LifetimeState.Disposed)]
    [EveryBackend(LifetimeState.NetworkDisposed)]
    [EveryBackend(LifetimeState.BackendDisposed)]
    public void AViewDoesWhatItIsAskedUntilItIsClosed(TestDevice device, LifetimeState state)
    {
        using TestUNet network = new(device, TestUNet.Picture);
        using RevUpNet view = network.Net.At(s_sample);
        if (state != LifetimeState.Fresh)
        {
            view.Predict(Vectors.Normal(1, s_sample.Count));
            network.Gradients();
        }
        network.Net.SaveWeights(Folder["weights"]);
        bool closed = state >= LifetimeState.Disposed;
        if (closed)
        {
            ((IDisposable)(state switch
            {
                LifetimeState.NetworkDisposed => network.Net,
                LifetimeState.BackendDisposed => network.Backend,
                _ => view,
            })).Dispose();
            Assert.IsTrue(view.IsDisposed);
        }
        foreach ((string name, Action<RevUpNet, string> act) in s_calls)
        {
            if (closed)
            {
                Assert.ThrowsExactly<ObjectDisposedException>(() => act(view, Folder["weights"]), name);
            }
            else
            {
                act(view, Folder["weights"]);
            }
        }
        view.Dispose();
    }

    [TestMethod]
    [EveryBackend]
    public void AClosedViewLeavesItsOwnerAndOtherViewsAlone(TestDevice device)
    {
        using TestUNet network = new(device, TestUNet.Picture);
        float[] pixels = Vectors.Normal(1, s_sample.Count);
        int live = network.Backend.Memory.LiveCount;
        RevUpNet first = network.Net.At(s_sample);
        using RevUpNet second = first.At(s_sample);
        float[] expected = second.Predict(pixels);
        float[] gradients = network.Gradients();
        first.Dispose();
        CollectionAssert.AreEqual(expected, second.Predict(pixels));
        CollectionAssert.AreEqual(gradients, network.Gradients());
        second.Dispose();
        network.Net.Invalidate();
        Assert.AreEqual(live, network.Backend.Memory.LiveCount);
    }

    /// <summary>Memory of the views included.</summary>
    [TestMethod]
    [EveryBackend]
    public void ViewsCloseWithTheirOwner(TestDevice device)
    {
        TestModel model = TestUNet.Picture;
        using Backend backend = device.Open();
        RevUpNet net = new(backend, model.Settings, model.Sample, TestUNet.Classes, seed: 1)
        {
            KeepsPackedWeights = true,
        };
        RevUpNet view = net.At(s_sample);
        Assert.IsTrue(view.KeepsPackedWeights);
        view.Predict(Vectors.Normal(1, s_sample.Count));
        net.Dispose();
        Assert.IsTrue(view.IsDisposed);
        Assert.AreEqual(0, backend.Memory.LiveCount);
        view.Dispose();
    }
}
