namespace RevUp.Interop.Tests;

/// <summary>
/// Sizes and offsets of revup_cpu.h's structures under the C ABI of 64-bit Linux.
/// </summary>
[TestClass]
internal sealed unsafe class StructLayoutTests
{
    [TestMethod]
    internal void Shape()
    {
        CpuShape shape;
        byte* start = (byte*)&shape;

        Assert.AreEqual(48, sizeof(CpuShape));
        CollectionAssert.AreEqual(
            (long[])[0, 8, 16, 40],
            (long[])[
                (byte*)&shape.Rank - start, (byte*)&shape.Batch - start, (byte*)&shape.Extent - start,
                (byte*)&shape.Channels - start]);
    }

    [TestMethod]
    internal void ConvolutionGeometry()
    {
        CpuConvolutionGeometry geometry;
        byte* start = (byte*)&geometry;

        Assert.AreEqual(144, sizeof(CpuConvolutionGeometry));
        CollectionAssert.AreEqual(
            (long[])[0, 4, 8, 16, 24, 32, 40, 48, 72, 96, 120],
            (long[])[
                (byte*)&geometry.Rank - start, (byte*)&geometry.Type - start, (byte*)&geometry.Batch - start,
                (byte*)&geometry.InChannels - start,
                (byte*)&geometry.OutChannels - start, (byte*)&geometry.Groups - start, (byte*)&geometry.Use - start,
                (byte*)&geometry.Input - start, (byte*)&geometry.Kernel - start, (byte*)&geometry.Stride - start,
                (byte*)&geometry.Padding - start]);
    }

    [TestMethod]
    internal void ConvolutionSizes()
    {
        CpuConvolutionSizes sizes;
        byte* start = (byte*)&sizes;

        Assert.AreEqual(72, sizeof(CpuConvolutionSizes));
        CollectionAssert.AreEqual(
            (long[])[0, 24, 32, 40, 48, 56, 64, 68],
            (long[])[
                (byte*)&sizes.Output - start, (byte*)&sizes.PackedBytes - start, (byte*)&sizes.PackScratchBytes - start,
                (byte*)&sizes.FpropScratchBytes - start, (byte*)&sizes.DgradScratchBytes - start,
                (byte*)&sizes.WgradScratchBytes - start,
                (byte*)&sizes.DataAlgorithm - start, (byte*)&sizes.WeightsAlgorithm - start]);
    }

    [TestMethod]
    internal void ExtentsHoldUpToThreeSizes()
    {
        Extents extents = new(2, 3);

        Assert.AreEqual("2x3x0", extents.ToString());
        Assert.AreEqual(6, extents.Product(2));
        Assert.ThrowsExactly<ArgumentException>(() => new Extents(1, 2, 3, 4));
    }

    [TestMethod]
    internal void AQueryReportsTheOutputExtents()
    {
        using ConvolutionHandle handle = ConvolutionHandle.Create(
            Support.ConvolutionGeometries.Make(
                CpuType.Float32, 1, 2, 3, 1, [9, 10, 11], [3, 3, 5], [2, 1, 3], [1, 0, 2]));

        Assert.AreEqual("5x8x4", handle.Query().Output.ToString());
    }
}
