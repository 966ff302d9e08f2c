using RevUp.Interop.Cpu;

namespace RevUp.Interop.Tests.Support;

/// <summary>Element counts and output extents, from the formulas of revup_cpu.h and not from the library under test.</summary>
internal static class Shapes
{
    internal static CpuShape Shape(long batch, long channels, params long[] extents) =>
        new() { Rank = extents.Length, Batch = batch, Channels = channels, Extent = new Extents(extents) };

    internal static int Elements(in CpuShape shape) => (int)(shape.Batch * shape.Extent.Product(shape.Rank) * shape.Channels);

    internal static long Positions(in CpuShape shape) => shape.Extent.Product(shape.Rank);

    /// <summary>Bytes of quantised differences: every position starts a byte.</summary>
    internal static int CodeBytes(in CpuShape shape, int bits) => (int)(shape.Batch * Positions(shape) * ((shape.Channels * bits + 7) / 8));

    internal static int Rows(in CpuShape shape) => (int)(shape.Batch * shape.Channels);

    /// <summary>Elements of the output of a pool.</summary>
    internal static int OutputElements(in CpuPoolGeometry geometry) =>
        (int)(geometry.Input.Batch * geometry.Input.Channels)
        * Positions(geometry.Input.Rank, geometry.Input.Extent, geometry.Window, geometry.Stride, geometry.Padding);

    internal static int OutputPositions(in CpuConvolutionGeometry geometry) =>
        Positions(geometry.Rank, geometry.Input, geometry.Kernel, geometry.Stride, geometry.Padding);

    internal static int SourceElements(in CpuConvolutionGeometry geometry) =>
        (int)(geometry.Batch * geometry.Input.Product(geometry.Rank) * geometry.InChannels);

    internal static int DestinationElements(in CpuConvolutionGeometry geometry) => (int)(geometry.Batch * geometry.OutChannels) * OutputPositions(geometry);

    internal static int WeightElements(in CpuConvolutionGeometry geometry) =>
        (int)(geometry.OutChannels * geometry.Kernel.Product(geometry.Rank) * geometry.InChannels / geometry.Groups);

    private static int Positions(int rank, in Extents input, in Extents window, in Extents stride, in Extents padding)
    {
        long positions = 1;
        for (int axis = 0; axis < rank; axis++)
        {
            positions *= ((input[axis] + (2 * padding[axis]) - window[axis]) / stride[axis]) + 1;
        }

        return (int)positions;
    }
}
