namespace RevUp.Tests.Memory;

/// <summary>A download returns the upload, however a device stages its copies.</summary>
[TestClass]
public sealed class TransferTests
{
    // More than two of the largest pieces that a device copies at once, and no multiple of one.
    private const int Large = 2_500_003;

    // More uploads in flight than any device has places for.
    private const int Many = 100;

    [TestMethod]
    [EveryBackend]
    public void ALargeTensorSurvivesTheRoundTrip(TestDevice device)
    {
        using Backend backend = device.Open();
        float[] values = Enumerable.Range(0, Large).Select(i => (float)i).ToArray();
        Tensor tensor = backend.Memory.Allocate(new Shape(Large), ElementType.Float32, MemoryPurpose.Workspace);

        backend.Upload<float>(values, tensor);
        float[] copy = new float[Large];
        backend.Download<float>(tensor, copy);

        Assert.IsTrue(values.AsSpan().SequenceEqual(copy));
    }

    [TestMethod]
    [EveryBackend]
    public void TheSourceMayChangeAsSoonAsAnUploadReturns(TestDevice device)
    {
        using Backend backend = device.Open();
        Tensor tensor = backend.Memory.Allocate(new Shape(Many), ElementType.Float32, MemoryPurpose.Workspace);
        float[] source = new float[1];
        for (int i = 0; i < Many; i++)
        {
            source[0] = i;
            backend.Upload<float>(source, tensor.Scalar(i));
        }

        float[] copy = new float[Many];
        backend.Download<float>(tensor, copy);

        CollectionAssert.AreEqual(Enumerable.Range(0, Many).Select(i => (float)i).ToArray(), copy);
    }

    [TestMethod]
    [EveryBackend]
    public void WhatDoesNotFitIsRefused(TestDevice device)
    {
        using Backend backend = device.Open();
        Tensor tensor = backend.Memory.Allocate(new Shape(3), ElementType.Float32, MemoryPurpose.Workspace);
        Assert.Refuses<ArgumentException>(() => backend.Upload<float>(new float[2], tensor), "[3]");
        Assert.Refuses<ArgumentException>(() => backend.Upload<double>(new double[3], tensor), "Float32");
        Assert.ThrowsExactly<ArgumentException>(() => backend.Download<float>(tensor, new float[2]));
    }
}
