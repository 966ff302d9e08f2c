namespace RevUp.Tests.Tensors;

[TestClass]
public sealed class ShapeTests
{
    [TestMethod]
    public void AnActivationNamesItsDimensions()
    {
        Shape volume = new(2, 3, 4, 5, 6);
        Assert.AreEqual(720, volume.Count);
        Assert.AreEqual(3, volume.SpatialRank);
        Assert.AreEqual(60, volume.Positions);
        Assert.AreEqual((2, 6), (volume.Batch, volume.Channels));
        Assert.AreEqual((3, 4, 5), (volume.Extent(0), volume.Extent(1), volume.Extent(2)));
        Assert.AreEqual(new Shape(7, 3, 4, 5, 6), volume.WithBatch(7));
        Assert.AreEqual(new Shape(2, 3, 4, 5, 1), volume.WithChannels(1));
        Assert.AreEqual("[2, 3, 4, 5, 6]", volume.ToString());
    }

    [TestMethod]
    public void EqualityLooksAtRankAndDimensions()
    {
        Assert.AreEqual(new Shape(2, 3).GetHashCode(), new Shape(2, 3).GetHashCode());
        Assert.AreNotEqual(new Shape(2, 3), new Shape(3, 2));
        Assert.AreNotEqual(new Shape(2, 3), new Shape(2, 3, 1));
    }

    [TestMethod]
    [DataRow(new int[0], "not 0")]
    [DataRow(new[] { 1, 1, 1, 1, 1, 1 }, "not 6")]
    [DataRow(new[] { 4, 0, 2 }, "[4, 0, 2]")]
    [DataRow(new[] { -1 }, "[-1]")]
    public void WhatIsNoShapeIsRefusedByName(int[] dimensions, string part) =>
        Assert.Refuses<ArgumentException>(() => new Shape(dimensions), part);

    [TestMethod]
    public void ACountBeyond63BitsIsRefused() =>
        Assert.ThrowsExactly<OverflowException>(() => new Shape(int.MaxValue, int.MaxValue, int.MaxValue));

    [TestMethod]
    public void SlicesStayInside()
    {
        Tensor tensor = new(4096, ElementType.BFloat16, new Shape(4, 6));
        Assert.AreEqual(new Tensor(4096 + 2 * 6, ElementType.BFloat16, new Shape(18)), tensor.Slice(6, new Shape(18)));
        Assert.AreEqual(48, tensor.Bytes);
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => tensor.Slice(7, new Shape(18)));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => tensor.Slice(-1, new Shape(1)));
        Assert.ThrowsExactly<ArgumentException>(() => tensor.Reshape(new Shape(5, 5)));
        Assert.IsTrue(default(Tensor).IsEmpty);
    }
}
