namespace RevUp.Interop.Tests.Support;

/// <summary>
/// Element counts and output extents, from the formulas of revup_cpu.h and not from the library
/// under test.
/// </summary>
internal static class Shapes
{
    internal static CpuShape Shape(long batch, long channels, params ReadOnlySpan<long> extents) =>
        new() { Rank = extents.Length, Batch = batch, Channels = channels, Extent = new Extents(extents) };

    internal static int Elements(in CpuShape shape) =>
        (int)(shape.Batch * shape.Extent.Product(shape.Rank) * shape.Channels);

    internal static long Positions(in CpuShape shape) => shape.Extent.Product(shape.Rank);

    /// <summary>Bytes of quantised differences: every position starts a byte.</summary>
    internal static int CodeBytes(in CpuShape shape, int bits) =>
        (int)(shape.Batch * Positions(shape) * ((shape.Channels * bits + 7) / 8));

    internal static int Rows(in CpuShape shape) => (int)(shape.Batch * shape.Channels);

    /// <summary>A tensor's shape; the empty one where a size is 0.</summary>
    internal static Tensors.Shape Of(params ReadOnlySpan<long> sizes)
    {
        if (sizes.Contains(0))
        {
            return default;
        }
        Span<int> dimensions = stackalloc int[sizes.Length];
        for (int i = 0; i < sizes.Length; i++)
        {
            dimensions[i] = checked((int)sizes[i]);
        }
        return new Tensors.Shape(dimensions);
    }

    /// <summary>Quotient of two element counts; 0 where there are no elements.</summary>
    internal static long Quotient(long count, long divisor) => divisor == 0 ? 0 : count / divisor;

    internal static Tensors.Shape Activations(CpuShape shape) => Activations(shape, extent => extent, shape.Channels);

    /// <summary>The shape after space-to-depth.</summary>
    internal static Tensors.Shape Squeezed(CpuShape shape) =>
        Activations(shape, extent => extent / 2, shape.Channels << shape.Rank);

    /// <summary>The shape after windows of 3 with stride 2 and padding 1.</summary>
    internal static Tensors.Shape Pooled(CpuShape shape, long channels) =>
        Activations(shape, extent => (extent - 1) / 2 + 1, channels);

    internal static int OutputPositions(in CpuConvolutionGeometry geometry) =>
        Positions(geometry.Rank, geometry.Input, geometry.Kernel, geometry.Stride, geometry.Padding);

    internal static int SourceElements(in CpuConvolutionGeometry geometry) =>
        (int)(geometry.Batch * geometry.Input.Product(geometry.Rank) * geometry.InChannels);

    internal static int DestinationElements(in CpuConvolutionGeometry geometry) =>
        (int)(geometry.Batch * geometry.OutChannels) * OutputPositions(geometry);

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

    private static Tensors.Shape Activations(in CpuShape shape, Func<long, long> extent, long channels)
    {
        long[] sizes = new long[shape.Rank + 2];
        (sizes[0], sizes[^1]) = (shape.Batch, channels);
        for (int axis = 0; axis < shape.Rank; axis++)
        {
            sizes[axis + 1] = extent(shape.Extent[axis]);
        }
        return Of(sizes);
    }
}
